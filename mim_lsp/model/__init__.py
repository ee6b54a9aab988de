"""The model: configuration, tokenizer, row format, network and the folder that a trained model is kept in.

Only `network` and `weights` need torch; everything else loads without it.
"""
