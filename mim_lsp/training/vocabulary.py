"""Learning a tokenizer's vocabulary with the `tokenizers` library."""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from mim_lsp.model.config import N_SPECIAL_TOKENS
from mim_lsp.model.tokenizer import PIECES, CodeTokenizer


def learn_tokenizer(texts: Iterable[str], vocab_size: int) -> CodeTokenizer:
    """Learn `vocab_size - N_SPECIAL_TOKENS` byte-level tokens from `texts`."""
    bpe = byte_level(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - N_SPECIAL_TOKENS,
        min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return CodeTokenizer(bpe.to_str(pretty=False))


def byte_level(model: models.BPE) -> Tokenizer:
    """A tokenizer over bytes that splits text as `mim_lsp.model.tokenizer` says."""
    bpe = Tokenizer(model)
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    return bpe
