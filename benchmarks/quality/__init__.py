"""How right the answers are, against known truth or real data: each module runs by itself and has `--help`.

`intrusiveness` tests what must hold of the score on made-up plans; `reach_backtest`, `union_backtest` and
`creator_pairs` compare forecasts with what came, and `prices` fair prices with deals; `selection` compares choices with
the best known; `vision`, `words` and `spoken` count what is found of marks, text on the screen and speech. `deals`,
`histories`, `timelines` and `video_lines` make or read the data.
"""
