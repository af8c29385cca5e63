"""What does harm: files for the decoder, in watched workers (`python -m benchmarks.hostile`), and callers of the web server
(`python -m benchmarks.hostile.callers`).

Of the files, `clips`, `crafted`, `boxes` and `encoded` make the files, `watch` runs the workers, `probe` tries to get out of the
closed process.
"""
