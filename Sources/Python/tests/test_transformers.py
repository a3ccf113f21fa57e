"""Small models of the transformers library, made from a config and tied where the library ties."""

import os

import pytest

torch = pytest.importorskip("torch")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
tf = pytest.importorskip("transformers")

import tiecheck
from witness import Asked

V = 9
common = dict(
    vocab_size=V, hidden_size=4, intermediate_size=6, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=8,
    tie_word_embeddings=True, attention_dropout=0.0, bos_token_id=0, eos_token_id=0, pad_token_id=0,
)
encoder = dict(common, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, type_vocab_size=1)
seq = dict(
    vocab_size=V, max_position_embeddings=8, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=6, decoder_ffn_dim=6,
    encoder_attention_heads=2, decoder_attention_heads=2, d_model=4, dropout=0.0, pad_token_id=0, bos_token_id=0, eos_token_id=0,
    decoder_start_token_id=0,
)
gpt2 = dict(vocab_size=V, n_positions=8, n_embd=4, n_layer=1, n_head=2, n_inner=6)
still = dict(resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
models = {
    "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(**gpt2, **still)),
    "opt": lambda: tf.OPTForCausalLM(
        tf.OPTConfig(vocab_size=V, hidden_size=4, ffn_dim=6, num_hidden_layers=1, num_attention_heads=2,
                     max_position_embeddings=8, dropout=0.0, word_embed_proj_dim=4)
    ),
    "llama": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**common)),
    "gemma": lambda: tf.GemmaForCausalLM(tf.GemmaConfig(**dict(common, head_dim=4, num_key_value_heads=1))),
    "qwen2": lambda: tf.Qwen2ForCausalLM(tf.Qwen2Config(**dict(common, num_key_value_heads=2))),
    "bert": lambda: tf.BertForMaskedLM(tf.BertConfig(**encoder)),
    "albert": lambda: tf.AlbertForMaskedLM(
        tf.AlbertConfig(**dict(encoder, num_hidden_layers=3), embedding_size=3, classifier_dropout_prob=0.0)
    ),
    "roberta": lambda: tf.RobertaForMaskedLM(tf.RobertaConfig(**dict(encoder, max_position_embeddings=12))),
    "distilbert": lambda: tf.DistilBertForMaskedLM(
        tf.DistilBertConfig(vocab_size=V, max_position_embeddings=8, n_layers=1, n_heads=2, dim=4, hidden_dim=6,
                            dropout=0.0, attention_dropout=0.0)
    ),
    "bart": lambda: tf.BartForConditionalGeneration(tf.BartConfig(**seq)),
    "marian": lambda: tf.MarianMTModel(tf.MarianConfig(**seq)),
    "t5": lambda: tf.T5ForConditionalGeneration(
        tf.T5Config(vocab_size=V, d_model=4, d_kv=2, d_ff=6, num_layers=2, num_heads=2, dropout_rate=0.0,
                    decoder_start_token_id=0, pad_token_id=0)
    ),
    "mamba": lambda: tf.MambaForCausalLM(tf.MambaConfig(vocab_size=V, hidden_size=4, state_size=2, num_hidden_layers=1)),
    "gptneo": lambda: tf.GPTNeoForCausalLM(
        tf.GPTNeoConfig(vocab_size=V, max_position_embeddings=8, hidden_size=4, num_layers=1, num_heads=2, intermediate_size=6,
                        attention_types=[[["global"], 1]], resid_dropout=0.0, embed_dropout=0.0, attention_dropout=0.0)
    ),
}
tokens = torch.tensor([[1, 4, 2, 6, 8], [3, 7, 5, 2, 4]])


def asked(name, change=lambda model: None):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = models[name]().eval()
    change(model)
    batch = {"input_ids": tokens, "labels": tokens}
    return model, Asked(tiecheck.torch_model(model, batch=batch))


@pytest.mark.parametrize("name", sorted(models))
def test_uses_and_claims(name):
    model, told = asked(name)
    assert "error" not in told.told, told.told["error"]
    table = next(n for n, p in model.named_parameters() if p is model.get_input_embeddings().weight)
    uses = [use for use in told.told["uses"] if told.told["parameters"][use["parameter"]]["name"] == table]
    assert len(uses) >= 2 and uses[-1]["transposed"] and not uses[0]["transposed"]
    assert {"gradient_by_use", "double"} <= set(told.told["can"])
    assert told.words("faults") == [] and set(told.words("remarks")) <= {"equal-values"}
    assert {p["precision"] for p in told.told["parameters"]} == {"float"}
    padded = [use["layer"] for use in told.told["uses"] if "untrained_rows" in use]
    if padded:
        assert name in ("opt", "bart", "marian") and uses[-1]["layer"] not in padded
    else:
        told.assert_right(2e-3)


def test_a_detached_head_claims_nothing():
    def cut(model):
        head = model.get_output_embeddings()
        head.forward = lambda h: torch.nn.functional.linear(h, head.weight.detach())

    _, told = asked("llama", cut)
    place = [layer for layer, *_ in told.use_names()].index("lm_head")
    claimed, measured = told.differences()[1][place]
    assert claimed == 0 and abs(measured) > 1e-3


def test_an_untied_copy_is_remarked_on():
    def untie(model):
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())

    _, told = asked("gpt2", untie)
    assert told.told["remarks"][0]["parameters"] == ["transformer.wte.weight", "lm_head.weight"]


def test_dropout_in_training_mode_is_named():
    torch.manual_seed(0)
    model = tf.GPT2LMHeadModel(tf.GPT2Config(**gpt2)).train()
    told = Asked(tiecheck.torch_model(model, batch={"input_ids": tokens, "labels": tokens})).told
    assert "transformer.drop" in told["draws"] and "transformer.drop (Dropout)" in told["error"]
