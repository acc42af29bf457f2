"""The pages of accounts and approvals; every view declares its rights."""
