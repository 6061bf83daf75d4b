"""What whoever runs the gateway sees and tries, for the command line and the pages alike: how systems stand,
whether the configuration is in order, what a route or a mapping would do. Values come out; nothing is
sent."""
