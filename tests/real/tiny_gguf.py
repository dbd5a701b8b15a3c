"""A model that weighs nothing: a real GGUF file of random weights, made in under a second.

Llama architecture, two layers of width 64, a vocabulary of single bytes. What it writes is noise; how
a llama.cpp server loads it, counts its tokens and streams it is not. Small letters and spaces outweigh
all other tokens by far, the end of the answer among them: an answer is never empty and as long as it may be.
"""

from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

LAYERS, WIDTH, HEADS, FORWARD = 2, 64, 4, 128
TRAINED_CONTEXT = 4096
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TOOLS_TEMPLATE = (
    "{% if tools %}{{ tools | tojson }}{% endif %}"
    "{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' }}{{ m['content'] or '' }}"
    "{% if m['tool_calls'] %}{{ m['tool_calls'] | tojson }}{% endif %}{{ '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

SAYS = (ord(" "), *range(ord("a"), ord("z") + 1))  # a token's number is its byte

Tensor = npt.NDArray[np.float32]


def write_model(path: Path, seed: int = 1, template: str = CHAT_TEMPLATE) -> Path:
    """Writes the model to `path`, 0.5 MB, the same for the same seed; returns `path`.

    `template`: of a chat, in Jinja. By it the server tells whether the model knows tools.
    """
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    _spell(writer)
    writer.add_chat_template(template)
    _weigh(writer, np.random.default_rng(seed))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_name("tiny")
    writer.add_context_length(TRAINED_CONTEXT)
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _spell(writer: gguf.GGUFWriter) -> None:
    letters = _byte_letters()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([*letters, *SPECIALS])
    writer.add_token_types([gguf.TokenType.NORMAL] * len(letters) + [gguf.TokenType.CONTROL] * len(SPECIALS))
    writer.add_token_merges([f"{letters[32]} {letters[32]}"])  # the loader asks for some
    writer.add_bos_token_id(len(letters))
    writer.add_eos_token_id(len(letters) + 2)


def _weigh(writer: gguf.GGUFWriter, random: np.random.Generator) -> None:
    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, _noise(random, *shape))

    def norm(name: str) -> None:
        writer.add_tensor(name, np.ones(WIDTH, dtype=np.float32))

    vocabulary = 256 + len(SPECIALS)
    add("token_embd.weight", vocabulary, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        norm(f"{block}.attn_norm.weight")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"{block}.{part}.weight", WIDTH, WIDTH)
        norm(f"{block}.ffn_norm.weight")
        add(f"{block}.ffn_gate.weight", FORWARD, WIDTH)
        add(f"{block}.ffn_up.weight", FORWARD, WIDTH)
        add(f"{block}.ffn_down.weight", WIDTH, FORWARD)
    norm("output_norm.weight")
    output = np.zeros((vocabulary, WIDTH), dtype=np.float32)
    output[list(SAYS)] = 6 * _noise(random, len(SAYS), WIDTH)
    writer.add_tensor("output.weight", output)


def _noise(random: np.random.Generator, *shape: int) -> Tensor:
    return random.normal(0, 0.3, shape).astype(np.float32)


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in a GPT-2 vocabulary: itself if visible, else one from 256 on."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(256 + hidden.index(byte)) for byte in range(256)]
