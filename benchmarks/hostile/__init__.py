"""Files made or mutated to do harm, given to the decoder in watched workers: `python -m benchmarks.hostile`.

`clips`, `crafted`, `boxes` and `encoded` make the files, `watch` runs the workers, `probe` tries to get out of the
closed process.
"""
