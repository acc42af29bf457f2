"""Pages of the field exercise: before, on the day (animator, observers), after."""
