"""Read models: folds over batches, checkpoints, rebuilding beside the live one."""
