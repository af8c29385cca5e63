"""What things cost, mostly as a ratio to a simpler way measured in the same run, because a machine's own pace varies.

`python -m benchmarks [NAME ...]` runs the five that compare: `edge`, `doorbell`, `imports`, `scoring`, `discovery`.
`python -m benchmarks.speed.MODULE` runs `scoring`, `discovery`, `mixed_load`, `policies`, `repeats` or `video_checks` alone; each has
`--help`. The other modules make the data, `crowd` and `market`, or are what is compared with: `noop` is the task that does
nothing, `bare_web` the web server that only sends the SQL of `recorded_sql`; `load_clients` are its callers.
"""
