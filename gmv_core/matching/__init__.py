"""From images to their contributors: what a run and a dropped image share."""
