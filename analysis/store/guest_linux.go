package store

import (
	"fmt"
	"os"
	"syscall"
)

// cpuGrace is how many seconds of processor time a guest has to die of its limit before it is killed.
const cpuGrace = 2

// confine takes from this process what a guest does not need: memory, time on the processors, dumps of its memory. What it maps
// privately and may write to counts as memory (RLIMIT_DATA, since Linux 4.7); address space would not do, since Go and the
// allocators reserve far more of it than they use.
func confine(data uint64, cpu int) error {
	type limit struct {
		name  string
		what  int
		most  uint64
		grace uint64
	}
	set := []limit{{"memory", syscall.RLIMIT_DATA, data, 0}, {"dumps", syscall.RLIMIT_CORE, 0, 0}}
	if cpu > 0 {
		// At the limit the process is told by a signal that names the cause; a process that is only killed, by a clock that counts
		// otherwise than the one that its times are read from, looks like one that the machine had no memory for.
		set = append(set, limit{"processor time", syscall.RLIMIT_CPU, uint64(cpu), cpuGrace})
	}
	for _, l := range set {
		var have syscall.Rlimit
		if err := syscall.Getrlimit(l.what, &have); err != nil {
			return fmt.Errorf("limit the %s of SQL: %w", l.name, err)
		}
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: min(l.most, have.Max), Max: min(l.most+l.grace, have.Max)}); err != nil {
			return fmt.Errorf("limit the %s of SQL: %w", l.name, err)
		}
	}
	// Where a machine or a container runs out of memory all the same, this is the process to end.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	return nil
}
