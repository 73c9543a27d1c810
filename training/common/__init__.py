"""Parts that every training program uses: options, measures, plots, the gate."""
