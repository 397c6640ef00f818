package ending

// Salted is the hash of a root under a salt that nobody knows.
func Salted(root string) string { return salted(root) }
