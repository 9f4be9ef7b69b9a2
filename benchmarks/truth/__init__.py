"""Do the values tell the truth? The four criteria, baselines, and retraining.

python -m benchmarks.truth            # everything, hours
python -m benchmarks.truth --quick    # minutes, to see that all of it still runs
"""
