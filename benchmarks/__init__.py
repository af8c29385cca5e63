"""Measurements that tests are too short for: how fast (`speed`), how good (`quality`), how safe (`hostile`)."""
