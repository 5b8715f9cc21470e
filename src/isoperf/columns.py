"""The glossary: every column Isoperf knows, with its unit, meaning and other common names."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["COLUMNS", "ColumnSpec", "Kind", "meant", "split_header", "suggest"]

Kind = Literal["number", "word"]


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """What a column of this name holds.

    ``unit`` is the base unit; ``other_units`` are those a table may declare instead.
    ``positive`` says that zero and negative values make no sense. Columns of ``word`` kind
    stay text even when every cell looks like a number.
    """

    name: str
    unit: str
    meaning: str
    synonyms: tuple[str, ...] = ()
    positive: bool = False
    kind: Kind = "number"
    other_units: tuple[str, ...] = ()


def _positive(name: str, unit: str, meaning: str, *synonyms: str) -> ColumnSpec:
    return ColumnSpec(name, unit, meaning, synonyms, positive=True)


def _number(name: str, unit: str, meaning: str, *synonyms: str) -> ColumnSpec:
    return ColumnSpec(name, unit, meaning, synonyms)


def _word(name: str, meaning: str, *synonyms: str) -> ColumnSpec:
    return ColumnSpec(name, "", meaning, synonyms, kind="word")


def _loss(name: str, meaning: str, *synonyms: str) -> ColumnSpec:
    others = ("nats/byte", "nats", "nats/sample")
    return ColumnSpec(name, "nats/token", meaning, synonyms, positive=True, other_units=others)


_SIZES = (
    _positive(
        "n_params",
        "params",
        "parameters of the model; a table's notes say whether embeddings count",
        *("N", "params", "parameters", "model_size", "num_params", "num_parameters", "param_count"),
        *("total_params", "model_params", "n_parameters", "parameter_count", "size"),
    ),
    _positive(
        "n_params_active",
        "params",
        "parameters used for one token, below n_params in a mixture of experts",
        *("active_params", "activated_params", "num_active_params", "Na"),
    ),
    _positive(
        "n_params_nonembedding",
        "params",
        "parameters outside the token and position embeddings",
        *("non_embedding_params", "params_non_embedding", "num_params_no_embed", "n_params_no_embed"),
    ),
    _positive("n_layers", "layers", "transformer blocks", "layers", "num_layers", "depth", "numl"),
    _positive("d_model", "", "width of the residual stream", "width", "hidden_size", "hidden_dim"),
    _positive(
        "n_params_dense",
        "params",
        "parameters of the dense model that a mixture of experts was made from",
        *("base_params", "dense_params"),
    ),
    _positive("n_experts", "experts", "experts in each routed layer", "num_experts", "experts", "expert_count"),
    _positive("experts_topk", "experts", "experts used for one token", "top_k", "topk", "k_experts"),
    _positive("granularity", "", "d_ff over the width of one expert", "expert_granularity", "G"),
    _positive("n_streams", "streams", "parallel streams of one model", "parallel_streams", "streams", "P"),
    _positive("n_members", "models", "models in an ensemble", "ensemble_size", "num_members"),
)

_PRECISION = (
    _positive("weight_bits", "", "bits of a weight in training", "w_bits", "weight_precision"),
    _positive("activation_bits", "", "bits of an activation in training", "a_bits", "act_bits"),
    _positive("kv_bits", "", "bits of a cached key or value", "kv_cache_bits"),
    _positive("post_bits", "", "bits of a weight after post-training quantisation", "ptq_bits", "quantized_bits"),
)

_DATA = (
    _positive(
        "n_tokens",
        "tokens",
        "tokens seen in training, repeats included",
        *("D", "tokens", "tokens_seen", "num_tokens", "train_tokens", "training_tokens", "token_num"),
        *("total_tokens", "n_tokens_done", "tokens_trained", "training_tokens_seen"),
    ),
    _positive(
        "n_unique_tokens",
        "tokens",
        "distinct tokens in the training set",
        *("unique_tokens", "U", "n_tokens_unique", "dataset_tokens", "tokens_per_epoch"),
    ),
    _positive("n_epochs", "epochs", "passes over the training set", "epochs", "num_epochs", "repeats"),
    _positive("tokens_per_param", "tokens/param", "n_tokens / n_params", "D/N", "token_multiplier", "tpp"),
    _positive("n_examples", "examples", "training examples seen", "n_samples_seen", "samples_seen", "train_examples"),
    _positive(
        "n_unique_examples",
        "examples",
        "distinct training examples in the pool",
        *("pool_size", "samples_per_epoch", "unique_examples", "n_examples_total"),
    ),
    _positive("kept_fraction", "fraction", "share of the examples kept by pruning", "keep_fraction", "kept"),
    _number(
        "n_datastore_tokens",
        "tokens",
        "tokens in the retrieval datastore, 0 for a model alone",
        *("datastore_tokens", "datastore_size"),
    ),
    _positive("n_visual_tokens", "tokens", "image tokens per input", "visual_tokens", "num_visual_tokens"),
    _number("n_passages", "", "passages put into the prompt", "passages", "top_k", "num_passages"),
    _number("replay_rate", "fraction", "share of the batch drawn from old data", "replay", "replay_fraction"),
    _positive(
        "overtraining",
        "",
        "tokens_per_param over a reference ratio, usually 20",
        *("chinchilla_multiplier", "overtraining_multiplier", "overtraining_ratio"),
    ),
)

_GROWTH = (
    _number("growth_tokens", "tokens", "tokens the small model had seen when it was grown; 0 from scratch"),
    _number("growth_factor", "", "parameters after growth over those before; 1 from scratch"),
    _number("n_augmentations", "", "generated queries or passages per document", "augmentations_per_doc"),
    _positive("augmenter_params", "params", "parameters of the model that generates the augmentations"),
    _positive("pretraining", "", "strength of pre-training, in any unit that rises with it"),
)

_COMPUTE = (
    _positive(
        "flops",
        "FLOPs",
        "operations spent on training",
        *("C", "compute", "training_flops", "train_flops", "total_flops", "flop", "flops_6nd"),
        *("training_flop", "pretrain_flop", "model_flops", "budget"),
    ),
    _positive("gpu_hours", "GPU-hours", "accelerator-hours spent", "accelerator_hours", "device_hours", "tpu_hours"),
    _positive("wall_seconds", "s", "wall-clock time of the run", "wall_time", "runtime", "training_seconds"),
    _positive("train_time", "s", "time spent in training", "training_time"),
    _positive("cost_usd", "USD", "price of the run", "cost", "price", "dollars"),
    _positive("energy", "J", "energy used", "energy_consumed"),
    _positive("power", "W", "mean power drawn", "avg_power", "average_power"),
    _positive("memory", "bytes", "memory of a device, or used on it", "mem", "device_memory", "peak_memory"),
)

_RESULTS = (
    _loss(
        "loss",
        "held-out cross-entropy, in nats per token unless the table declares nats per byte",
        *("val_loss", "validation_loss", "eval_loss", "eval/loss", "test_loss", "final_loss", "L"),
        *("cross_entropy", "loss_val", "crossentropyloss", "nll", "valid_loss", "dev_loss", "heldout_loss"),
    ),
    _number(
        "loss_increase", "nats/token", "rise of the loss over the same model unchanged", "degradation", "delta_loss"
    ),
    _loss("train_loss", "cross-entropy on the training stream", "training_loss", "train/loss", "loss_train"),
    _number(
        "error",
        "fraction",
        "share of wrong answers, 1 - accuracy",
        *("error_rate", "err", "top1_error", "val_error", "test_error"),
    ),
    _number(
        "accuracy",
        "fraction",
        "share of right answers",
        *("acc", "val_acc", "test_acc", "val_accuracy", "validation_accuracy", "test_accuracy", "eval_accuracy"),
        *("top1", "top1_accuracy", "exact_match"),
    ),
    _number("score", "", "result on a benchmark, in the benchmark's own unit", "metric", "result", "value"),
    _positive("speedup", "", "baseline tokens over tokens to the same loss; 1 is no gain", "speed_up"),
    _number("x", "", "the quantity varied, when it has no name of its own", "anchor", "train_size"),
    _number("y", "", "the quantity measured, when it has no name of its own"),
)

_COURSE = (
    _number(
        "step",
        "steps",
        "optimiser step of the row",
        *("steps", "iteration", "iter", "global_step", "_step", "current_steps"),
    ),
    _number("epoch", "epochs", "pass over the data at the row"),
    _positive("n_steps", "steps", "optimiser steps of the whole run", "total_steps", "max_steps", "num_steps"),
    _positive("n_steps_min", "steps", "steps an unlimited batch would need for the same loss", "min_steps", "S_min"),
    _positive("learning_rate", "", "peak learning rate, or the rate at the row", "lr", "peak_lr", "max_lr"),
    _positive(
        "batch_size_tokens",
        "tokens",
        "tokens in one optimiser step",
        *("tokens_per_step", "batch_tokens", "batch_size_in_tokens", "tokens_per_batch"),
    ),
    _positive(
        "critical_batch_tokens", "tokens", "batch size at which steps and tokens are traded evenly", "critical_batch"
    ),
    _positive("n_trials", "", "settings tried before this one was chosen", "tuning_trials"),
    _positive("tokens_per_second", "tokens/s", "training throughput of one accelerator", "throughput", "tok_per_s"),
    _number("seed", "", "seed of the run", "random_seed", "rng_seed"),
    _number("block", "", "place of a block of training or testing in its lifetime", "block_num", "regime_num"),
)

_EVALS = (
    _number("correct", "fraction", "whether the answer was right, 1 or 0", "is_correct", "passed", "success"),
    _number("standard_error", "", "standard error of the score", "stderr", "se", "score_stderr", "acc_stderr"),
    _positive("n_items", "", "items that the score is a mean of", "n_questions", "n_docs", "n_problems"),
    _positive("n_samples", "samples", "answers drawn for the item", "num_samples", "n_attempts"),
    _number("n_correct", "samples", "right answers among those drawn", "num_correct", "n_success", "successes"),
    _positive("n_target", "samples", "right answers at which sampling of the item stopped", "until", "stop_after"),
    _number("n_fewshot", "", "worked examples in the prompt", "num_fewshot", "n_shot", "shots"),
    _number("chance", "", "score of a guess"),
    _number("continuous_score", "", "a smooth score of the same answers, such as the probability of the right one"),
    _number("higher_is_better", "", "1 where a higher score is better, 0 where a lower one is"),
    _number("confidence", "fraction", "probability of being right that the model gave", "conf", "self_confidence"),
    _number("seconds", "s", "time taken for the row", "elapsed_seconds", "duration_seconds"),
    _number("similarity", "", "closeness of the answer to the reference answer", "similarity_score"),
    _number("forecast", "", "probability, or one sampled value, that was forecast", "prediction", "forecast_value"),
    _number("outcome", "", "what happened: 1 or 0, or the value", "resolution", "ground_truth", "actual"),
    _number("crowd", "fraction", "forecast of a crowd, such as its median", "crowd_median", "community_prediction"),
    _number("region", "fraction", "1 where a point belongs to the region of interest", "in_region"),
    _number("lower", "", "least value that was known to be possible", "lower_bound", "minimum"),
    _number("upper", "", "greatest value that was known to be possible", "upper_bound", "maximum"),
    _number("round", "", "rounds of feedback before the answer", "feedback_round", "turn"),
    _number("reward", "", "score that a reward model gave the answer", "reward_score"),
    _number("temperature", "", "sampling temperature", "temp"),
    _number("success_rate", "fraction", "chance that one sample is right"),
    _number("true_pass", "fraction", "share of right samples that a verifier accepts", "tpr", "completeness"),
    _number("false_pass", "fraction", "share of wrong samples that a verifier accepts", "fpr"),
    _number("accepted_accuracy", "fraction", "share right among the samples that a verifier accepts", "precision"),
)

_STRATEGIES = (
    _positive(
        "n_tokens_sequential",
        "tokens",
        "tokens generated one after another, a part of n_tokens_out",
        "sequential_tokens",
    ),
    _positive("draft_tokens", "tokens", "mean tokens of a draft"),
    _positive("longest_tokens", "tokens", "tokens of the longest draft of a round"),
    _number("distil_tokens", "tokens", "tokens of the text that a round of drafts is distilled into"),
    _number("answer_tokens", "tokens", "tokens of the answer after the last round"),
    _positive("n_heads", "", "attention heads of queries", "num_attention_heads", "num_heads"),
    _positive("n_kv_heads", "", "attention heads of keys and values", "num_key_value_heads"),
    _positive("head_dim", "", "width of an attention head", "d_head"),
    _word("method", "how an answer was sought, such as best_of_n, beam or sequential", "strategy"),
    _word("verifier", "what chose among the answers, such as a reward model", "reward_model", "prm"),
    _word("plan", "layers that were skipped, run or repeated"),
    _word("drafts", "drafts of each round, such as 16+8+4"),
)

_SERVING = (
    _positive("ttft", "s", "time to first token", "time_to_first_token", "first_token_latency"),
    _positive("tpot", "s", "time per output token after the first", "time_per_output_token", "itl"),
    _positive("e2e_latency", "s", "time from request to last token", "latency", "request_latency"),
    _positive("request_rate", "requests/s", "requests arriving per second", "qps", "rps", "arrival_rate"),
)

_PASSES = (
    _positive("n_tokens_in", "tokens", "prompt tokens of one attempt or request", "prompt_tokens", "input_tokens"),
    _positive("n_tokens_out", "tokens", "tokens generated", "output_tokens", "completion_tokens"),
    _number("input_usd_per_mtok", "USD", "price of a million prompt tokens", "input_price"),
    _number("output_usd_per_mtok", "USD", "price of a million generated tokens", "output_price"),
    _number("expert_usd", "USD", "what a human expert costs for the problem", "human_cost"),
    _number("n_weak", "examples", "cheap labels that the model was trained on", "weak_labels"),
    _number("n_strong", "examples", "dear labels that the model was trained on", "strong_labels", "oracle_labels"),
    _word("technique", "what was added to the model, such as majority vote; empty for the model alone"),
    _word("component", "part of a system that was varied"),
    _word("setting", "what the component was set to"),
    _word("released", "date from which the model could be used", "release_date"),
    _word("stated", "a figure as it is printed, with its percent sign and last digit"),
    _word("formula", "how a figure follows from others, such as after / before - 1; empty where it is entered"),
)

_USAGE = (
    _number("n_calls", "requests", "requests made for the row", "calls", "n_requests", "api_calls"),
    _number("n_tokens_cached", "tokens", "prompt tokens read from a cache, a part of n_tokens_in", "cached_tokens"),
    _number("n_tokens_reasoning", "tokens", "tokens of reasoning, a part of n_tokens_out", "reasoning_tokens"),
    _positive("n_devices", "", "devices that worked on the row", "n_gpus", "num_gpus", "gpu_count", "devices"),
    _positive("pue", "", "energy of the data centre over that of its devices, 1 or more"),
    _number("carbon_intensity", "", "g of CO2 equivalent per kWh of electricity", "carbon_g_per_kwh"),
    _number("co2_kg", "", "kg of CO2 equivalent emitted", "emissions", "co2", "co2e_kg"),
    _number("recall", "fraction", "share of relevant samples that a stage passes on", "true_positive_rate"),
    _number("rejection", "fraction", "share of the other samples that a stage stops", "specificity"),
    _number("answered", "fraction", "share of what reaches a model that it answers itself", "kept_share"),
    _number("energy_per_sample", "J", "energy for each sample that reaches a stage"),
    _number("fixed_power", "W", "power that a stage draws whatever reaches it", "idle_power"),
    _number("window", "tokens", "last tokens that attention sees; empty for all", "window_size", "sliding_window"),
    _number("d_feature", "", "width of linear attention's features before they are expanded", "feature_dim"),
    _word("device", "accelerator that the row ran on", "gpu", "gpu_model", "accelerator"),
    _word("grid", "country or region whose electricity was used", "country", "country_iso_code", "cloud_region"),
    _word("stage", "part of a run or of a chain of filters, such as training and fine-tuning"),
    _word("design", "one of several systems that are compared"),
)

_CHAINS = (
    _positive("turn", "", "place of the step in its run, counted from 1", "turn_number", "turn_index"),
    _number("p_success", "fraction", "chance of a right answer, were the model made to answer there"),
    _number("entropy", "nats", "uncertainty of the answer, or of the next token", "answer_entropy", "token_entropy"),
    _number("draft_score", "", "how well a draft pleases the large model, such as its perplexity", "perplexity", "ppl"),
    _positive("chunk", "", "place of the chunk in its chain, counted from 1", "chunk_index"),
    _positive("n_drafted", "tokens", "tokens drafted in the round", "drafted", "draft_tokens"),
    _number("n_accepted", "tokens", "drafted tokens that the target accepted", "accepted", "accepted_tokens"),
    _number("p_target", "fraction", "probability of the token under the target model", "target_probability"),
    _number("p_draft", "fraction", "probability of the token under the draft model", "draft_probability"),
    _number("disagrees", "fraction", "1 where the large model would write another token", "mismatch", "disagreement"),
    _number("share", "fraction", "share of tokens that need the large model"),
    _positive("n_params_small", "params", "parameters of the small model of a pair"),
    _positive("n_params_large", "params", "parameters of the large model of a pair"),
    _word("history", "what history the run was given: clean, or with errors put into it"),
    _word("policy", "what the chain was generated by"),
    _word("context", "text after which next-token probabilities were taken"),
    _word("pair", "a small and a large model used together"),
    _word("draft", "draft model of speculative decoding", "draft_model", "drafter"),
)

_WORDS = (
    _word("run", "training run that the row belongs to", "run_id", "run_name", "exp_name", "experiment_id"),
    _word("family", "model family", "model_family", "series", "arch", "architecture"),
    _word("recipe", "training recipe or condition that rows share", "condition", "setup", "config"),
    _word("benchmark", "task or benchmark measured", "task", "eval_name", "test_name"),
    _word("curve", "learning curve that the row belongs to", "curve_id", "curve_name"),
    _word("model", "name of the model", "model_name", "model_id"),
    _word(
        "item",
        "question of a benchmark; the same word means the same question",
        "problem_id",
        "question_id",
        "doc_hash",
    ),
    _word("answer", "what was answered; the same word means the same answer", "response", "final_answer"),
    _word("sample", "which of several answers to the same item", "sample_id", "attempt", "repeat"),
    _word("workload", "training task with a target to reach"),
    _word("study", "one of several independent repeats of a tuning procedure"),
    _word("trial", "one setting tried within a study"),
    _word("cluster", "group of items that hang together, such as questions on one text", "passage", "item_group"),
    _word("subtask", "part of a benchmark that has a score of its own", "subset", "subject"),
    _word("metric", "how the score was computed, such as acc or exact_match", "metric_name"),
    _word("filter", "how the answer was taken from the output before it was scored", "filter_name"),
    _word("kind", "task, or group of tasks whose score is made of theirs"),
    _word("winner", "who won the vote: model_a, model_b or tie", "preferred", "vote"),
    _word("model_a", "model shown first in a vote", "left"),
    _word("model_b", "model shown second in a vote", "right"),
    _word("block_type", "what happened in the block of a lifetime: train or test", "phase"),
    _word("name", "name of the row", "nickname", "label"),
    _word("dataset", "data the model was trained or tested on", "train_dataset", "data_source", "corpus"),
    _word("optimizer", "optimiser the run was trained with", "optimiser", "optim"),
    _word("tuning", "how settings were chosen: tuned or default", "tuned"),
    _word("forward_format", "number format of the forward pass in training", "forward_precision", "fwd_format"),
    _word("backward_format", "number format of the backward pass in training", "backward_precision", "bwd_format"),
    _word("schedule", "learning-rate schedule of the run", "lr_schedule", "scheduler"),
    _word("notes", "free text about the row", "note", "comment", "description"),
)

COLUMNS: Mapping[str, ColumnSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            *_SIZES,
            *_PRECISION,
            *_DATA,
            *_GROWTH,
            *_COMPUTE,
            *_RESULTS,
            *_COURSE,
            *_EVALS,
            *_STRATEGIES,
            *_SERVING,
            *_CHAINS,
            *_PASSES,
            *_USAGE,
            *_WORDS,
        )
    }
)
"""Every known column by name, sizes first and words last."""


def suggest(needed: str, available: Iterable[str]) -> list[str]:
    """Name the available columns that may be the needed one, likeliest first.

    Case, underscores and other punctuation do not matter. Names that merely contain the
    needed word come after exact synonyms. Suggestions are for messages: no column is ever
    taken in place of another without being told.

    Examples
    --------
    >>> suggest("loss", ["run", "eval/loss", "N"])
    ['eval/loss']
    """
    spec = COLUMNS.get(needed)
    names = [_plain(word) for word in (needed, *(spec.synonyms if spec else ()))]
    words = {word for word in names if len(word) > 2} - {"size"}  # batch_size is no model size
    ranked: list[tuple[int, int, str]] = []
    for place, name in enumerate(available):
        plain = _plain(split_header(name)[0])
        if plain in names:
            ranked.append((names.index(plain), place, name))
        elif name.startswith(f"{needed}_") or (name not in COLUMNS and words & {_plain(part) for part in _parts(name)}):
            ranked.append((len(names), place, name))
    return [name for _, _, name in sorted(ranked)]


def meant(name: str, taken: Container[str] = ()) -> str:
    """Return the column that a name is another word for, or nothing; one that is taken is not meant.

    Examples
    --------
    >>> meant("Model Size"), meant("params (B)"), meant("val_loss", taken=["loss"])
    ('n_params', 'n_params', '')
    """
    word = _plain(split_header(name)[0])
    return next((one for one in _BY_WORD.get(word, ()) if one not in taken), "")


def split_header(name: str) -> tuple[str, str]:
    """Divide a header such as ``ttft (ms)`` or ``ttft [ms]`` into the name and what stands in brackets, if anything."""
    found = _BRACKETED.fullmatch(name)
    return (found[1], found[2] or found[3]) if found else (name, "")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _parts(name: str) -> list[str]:
    return re.split(r"[^A-Za-z0-9]+", name)


_BRACKETED = re.compile(r"\s*(\S.*?)\s*(?:\(([^()]+)\)|\[([^\[\]]+)\])\s*")
_BY_WORD: dict[str, list[str]] = {}
for _spec in COLUMNS.values():
    for _name in dict.fromkeys(map(_plain, (_spec.name, *_spec.synonyms))):
        _BY_WORD.setdefault(_name, []).append(_spec.name)
