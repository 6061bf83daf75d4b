"""What 100,000 children with 10 million versions cost beside 1,000: `make bench-scale`."""
