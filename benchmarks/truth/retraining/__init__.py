"""Values against retraining: LDS, removal, influence, baselines."""
