//go:build !linux

package store

// confine limits nothing here: other systems do not count what is mapped. A guest is still another process, which ends with the
// time it may take.
func confine(uint64, int) error { return nil }
