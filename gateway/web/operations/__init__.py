"""The pages of whoever operates the gateway (Drift): states, ids and codes for everybody with that role;
content for those with a right of its own, told and written down like any other read."""
