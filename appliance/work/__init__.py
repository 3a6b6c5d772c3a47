"""What runs in the background: chores of the appliance itself."""
