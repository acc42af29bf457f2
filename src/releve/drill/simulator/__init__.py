"""The simulated hospital: workstations, servers, people, an attacker. Shipped: it is the demo too."""
