package store

import (
	"fmt"
	"os"
	"syscall"
)

// confine takes from this process what a guest does not need: memory, time on the processors, dumps of its memory. What it maps
// privately and may write to counts as memory (RLIMIT_DATA, since Linux 4.7); address space would not do, since Go and the
// allocators reserve far more of it than they use.
func confine(data uint64, cpu int) error {
	set := []struct {
		name string
		what int
		most uint64
	}{{"memory", syscall.RLIMIT_DATA, data}, {"dumps", syscall.RLIMIT_CORE, 0}}
	if cpu > 0 {
		set = append(set, struct {
			name string
			what int
			most uint64
		}{"processor time", syscall.RLIMIT_CPU, uint64(cpu)})
	}
	for _, l := range set {
		var have syscall.Rlimit
		if err := syscall.Getrlimit(l.what, &have); err != nil {
			return fmt.Errorf("limit the %s of SQL: %w", l.name, err)
		}
		most := min(l.most, have.Max)
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit the %s of SQL: %w", l.name, err)
		}
	}
	// Where a machine or a container runs out of memory all the same, this is the process to end.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	return nil
}
