package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// SQL that somebody wrote runs in a process of its own, the guest, since DuckDB can neither be held to its memory nor be
// interrupted while it plans: replace() of constants in replace() of constants is worked out there, however large it grows. The guest
// is this program again, with no environment and with limits that it sets on itself before it looks at anything. It is
// asked over its standard input and answers over its standard output; it ends with the question's context, and with this process.
//
// A question is one line of JSON. An answer is a line with the columns, a line per row and a line with what there was in all, or
// with what went wrong; the last line is always there, so that a guest which died is known.

// GuestWord is the one argument of a guest.
const GuestWord = "run-sql-of-a-person"

// Bounds of a guest, beside those of [Snapshot.AdHoc].
const (
	guestData    = 1200 << 20 // bytes of memory; at most 800 MB were seen where DuckDB used all of its own, 1120 MB with a million rows
	guestReply   = 32 << 20   // bytes of an answer, as JSON, and 1 KiB a row
	guestSpoken  = 4 << 10    // bytes of an error message
	guestThreads = 4          // of DuckDB's, each with a stack and an allocator's hoard
	guestsAtOnce = 2
)

// cpuSpent is what a guest says on its standard error where its processor time is over.
const cpuSpent = "processor time is over"

// IsGuest reports whether a command line is that of a guest. Programs that open stores with [Limits.Guest] must ask this first of
// all, and do nothing but [Guest] where it is so.
func IsGuest(args []string) bool { return len(args) == 2 && args[1] == GuestWord }

// Self is this program, for [Limits.Guest].
func Self() string {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe" // the same one, also after another was installed in its place
	}
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	return exe
}

// replyBytes is how large an answer of so many rows may be.
func replyBytes(rows int) int { return guestReply + rows<<10 }

// question is what a guest is asked.
type question struct {
	SQL     string
	Params  []string
	Again   bool // the text is that of a trace, and runs as it stands
	Most    int  // rows
	Daily   []string
	Lines   []string
	Threads int
	Tmp     string // folder to spill into
	Data    uint64 // bytes of memory
	CPU     int    // seconds, over all cores; 0 is no limit
}

// heading is the first line of an answer.
type heading struct {
	Columns []string
	Kinds   []Kind
	SQL     string // as it ran
}

// ending is the last line of an answer.
type ending struct {
	Rows    int
	SHA256  string
	MS      float64
	Error   string
	Refused bool // the error is one of what may be asked
}

// refusal says why a text is not run.
type refusal string

func (r refusal) Error() string { return string(r) }

// Is makes every refusal an [ErrNotAllowed].
func (refusal) Is(err error) bool { return err == ErrNotAllowed }

// ask has a guest answer a question.
func (sn *Snapshot) ask(ctx context.Context, q question) (*Found, analysis.QueryTrace, error) {
	tr := analysis.QueryTrace{Name: adHocName, SQL: q.SQL, Params: make([]any, len(q.Params))}
	for i, p := range q.Params {
		tr.Params[i] = p
	}
	if sn.store.limits.Guest == "" {
		return nil, tr, errors.New("SQL of people's own cannot run here: this program opened the store without a process for it")
	}
	select {
	case sn.store.guests <- struct{}{}:
		defer func() { <-sn.store.guests }()
	case <-ctx.Done():
		return nil, tr, ctx.Err()
	}
	q.Daily, q.Lines = paths(sn.daily), paths(sn.lines)
	if q.Threads = sn.store.limits.Threads; q.Threads <= 0 {
		q.Threads = runtime.NumCPU()
	}
	q.Threads = min(q.Threads, guestThreads)
	if q.Data == 0 {
		q.Data = guestData
	}
	if end, ok := ctx.Deadline(); ok && q.CPU == 0 {
		q.CPU = (int(time.Until(end)/time.Second) + 2) * runtime.NumCPU()
	}
	// The guest may be killed, so that its folder is ours to remove.
	q.Tmp = filepath.Join(os.TempDir(), fmt.Sprintf("spendbot-query-%016x", rand.Uint64()))
	defer os.RemoveAll(q.Tmp)

	cmd := sn.guest(ctx)
	heard := &head{most: 64 << 10}
	cmd.Stderr = heard
	in, err := cmd.StdinPipe() // open until the end: a guest without a host ends itself
	if err != nil {
		return nil, tr, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, tr, err
	}
	if err := cmd.Start(); err != nil {
		return nil, tr, fmt.Errorf("start the process that runs SQL: %w", err)
	}
	// What cannot be written was not read, and then there is no answer either.
	_ = json.NewEncoder(in).Encode(q)
	found, end, err := readReply(out, q.Most)
	if err != nil || end == nil {
		_ = cmd.Process.Kill()
	}
	_ = in.Close()
	died := cmd.Wait()
	switch {
	case ctx.Err() != nil && (err != nil || end == nil):
		return nil, tr, ctx.Err()
	case err != nil:
		return nil, tr, err
	case end == nil:
		return nil, tr, causeOfDeath(cmd.ProcessState, died, heard.String(), q.CPU)
	case end.Refused:
		return nil, tr, refusal(end.Error)
	case end.Error != "":
		return nil, tr, errors.New(end.Error)
	}
	tr.SQL, tr.MS, tr.Rows, tr.SHA256 = found.sql, end.MS, end.Rows, end.SHA256
	return &found.Found, tr, nil
}

// guest is the process to ask, not started yet.
func (sn *Snapshot) guest(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, sn.store.limits.Guest)
	cmd.Args = []string{os.Args[0], GuestWord}
	// Nothing that is secret; and no more than it needs of what takes memory.
	cmd.Env = []string{"TMPDIR=" + os.TempDir(), "GOMAXPROCS=2", "GOTRACEBACK=none"}
	cmd.WaitDelay = 5 * time.Second // for what it may have left open
	return cmd
}

// causeOfDeath says why a guest ended without an answer. It cannot tell for certain: what allocates without asking whether it got
// anything dies in many ways.
func causeOfDeath(how *os.ProcessState, err error, said string, cpu int) error {
	status, _ := how.Sys().(syscall.WaitStatus)
	spent := how.UserTime() + how.SystemTime()
	switch {
	case strings.Contains(said, cpuSpent), cpu > 0 && spent >= time.Duration(cpu)*time.Second:
		return fmt.Errorf("it took all the processor time that there is for it, %s: ask for less", time.Duration(cpu)*time.Second)
	case status.Signaled() && status.Signal() == syscall.SIGKILL, strings.Contains(said, "out of memory"), strings.Contains(said, "bad_alloc"),
		strings.Contains(said, "cannot allocate memory"), strings.Contains(said, "pthread_create failed"):
		return errTooMuch
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if err == nil {
		err = errors.New("without an answer")
	}
	return fmt.Errorf("the process that ran it ended: %w (%.200s); other questions are not affected", err, first)
}

// errTooMuch is the error of a query that needs more memory than a guest has.
var errTooMuch = errors.New("it needs more memory than SQL of your own may take, " + adHocMemory + ": ask for less")

// reply is what was read of an answer.
type reply struct {
	Found
	sql string
}

// readReply reads an answer. There is no ending where the guest died before it.
func readReply(r io.Reader, most int) (*reply, *ending, error) {
	lines := bufio.NewReaderSize(io.LimitReader(r, int64(replyBytes(most)+64<<10)), 64<<10)
	out := &reply{}
	for begun := false; ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil, nil, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("read the rows: %w", err)
		}
		switch {
		case !begun && bytes.HasPrefix(line, []byte(`{"Columns"`)):
			var h heading
			if err := json.Unmarshal(line, &h); err != nil || len(h.Kinds) != len(h.Columns) {
				return nil, nil, fmt.Errorf("read the columns: %d kinds for %d: %w", len(h.Kinds), len(h.Columns), err)
			}
			out.Columns, out.Kinds, out.sql, begun = h.Columns, h.Kinds, h.SQL, true
		case begun && line[0] == '[':
			var cells []*string
			if err := json.Unmarshal(line, &cells); err != nil || len(cells) != len(out.Columns) || len(out.Values) > most {
				return nil, nil, fmt.Errorf("read row %d: %d cells: %w", len(out.Values)+1, len(cells), err)
			}
			row := make([]any, len(cells))
			for i, c := range cells {
				if row[i], err = unpack(c); err != nil {
					return nil, nil, fmt.Errorf("read row %d: %w", len(out.Values)+1, err)
				}
			}
			out.Values = append(out.Values, row)
		default:
			e := &ending{}
			if err := json.Unmarshal(line, e); err != nil || e.Error == "" && (!begun || e.Rows != len(out.Values)) {
				return nil, nil, fmt.Errorf("read the end: %d rows of %d: %w", len(out.Values), e.Rows, err)
			}
			return out, e, nil
		}
	}
}

// pack is a value of a row as text whose first letter is its type; null is nil. Decimals keep their digits, trailing zeros too.
func pack(v any) (*string, error) {
	var s string
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		s = "s" + v
	case int64:
		s = "i" + strconv.FormatInt(v, 10)
	case bool:
		s = "b" + strconv.FormatBool(v)
	case time.Time:
		s = "t" + v.UTC().Format(time.RFC3339Nano)
	case decimal.Decimal:
		s = "d" + v.Coefficient().String() + "e" + strconv.Itoa(int(v.Exponent()))
	default:
		return nil, fmt.Errorf("a %T has no exact text", v)
	}
	return &s, nil
}

func unpack(cell *string) (any, error) {
	if cell == nil {
		return nil, nil
	}
	if *cell == "" {
		return nil, errors.New("a value without a type")
	}
	text := (*cell)[1:]
	switch (*cell)[0] {
	case 's':
		return text, nil
	case 'i':
		return strconv.ParseInt(text, 10, 64)
	case 'b':
		return strconv.ParseBool(text)
	case 't':
		t, err := time.Parse(time.RFC3339Nano, text)
		return t.UTC(), err
	case 'd':
		digits, exp, _ := strings.Cut(text, "e")
		n, err := strconv.ParseInt(exp, 10, 32)
		if err != nil {
			return nil, err
		}
		d, err := decimal.NewFromString(digits)
		if err != nil || d.Exponent() != 0 {
			return nil, fmt.Errorf("%.40q is no number", text)
		}
		return d.Shift(int32(n)), nil
	}
	return nil, fmt.Errorf("%.40q has no type", *cell)
}

// head keeps the beginning of what is written to it.
type head struct {
	mu   sync.Mutex
	b    bytes.Buffer
	most int
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b.Write(p[:min(len(p), h.most-h.b.Len())])
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// Guest is the whole of a guest process: it reads one question, answers it, and returns the exit code. It ends the process itself
// where in ends before that, which says that its host is gone.
func Guest(in io.Reader, out io.Writer) int {
	asked := bufio.NewReader(in)
	var q question
	if line, err := asked.ReadBytes('\n'); err != nil || json.Unmarshal(line, &q) != nil {
		return 1
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // meant for the host, which ends us as it sees fit
	spent := make(chan os.Signal, 1)
	signal.Notify(spent, syscall.SIGXCPU)
	go func() {
		<-spent
		_ = os.RemoveAll(q.Tmp)
		fmt.Fprintln(os.Stderr, cpuSpent)
		os.Exit(1)
	}()
	go func() {
		_, _ = io.Copy(io.Discard, asked)
		_ = os.RemoveAll(q.Tmp)
		os.Exit(1)
	}()
	w := bufio.NewWriterSize(out, 64<<10)
	to := json.NewEncoder(&bounded{w, replyBytes(q.Most), replyBytes(q.Most)})
	to.SetEscapeHTML(false)
	end, err := ending{}, confine(q.Data, q.CPU)
	if err == nil {
		err = q.answer(context.Background(), to, &end)
	}
	if err != nil {
		end = ending{Error: said(err), Refused: errors.Is(err, ErrNotAllowed)}
	}
	if json.NewEncoder(w).Encode(end) != nil || w.Flush() != nil {
		return 1
	}
	return 0
}

// said is an error in words of a bounded length.
func said(err error) string {
	s := err.Error()
	if strings.Contains(s, "Out of Memory Error") || strings.Contains(s, "std::bad_alloc") { // with advice that is not for who asked
		return errTooMuch.Error()
	}
	if len(s) > guestSpoken {
		s = strings.ToValidUTF8(s[:guestSpoken], "") + "…"
	}
	return s
}

// answer runs the question's SQL and writes the answer but for its end.
func (q *question) answer(ctx context.Context, to *json.Encoder, end *ending) error {
	files := func(of []string) []fileOf {
		out := make([]fileOf, len(of))
		for i, p := range of {
			out[i].path = p
		}
		return out
	}
	sn := &Snapshot{daily: files(q.Daily), lines: files(q.Lines), tmp: q.Tmp,
		store: &Store{limits: Limits{Memory: adHocMemory, Threads: q.Threads, spill: adHocSpill}}}
	defer sn.Close()
	params := make([]any, len(q.Params))
	for i, p := range q.Params {
		params[i] = p
	}
	sn.mu.Lock()
	defer sn.mu.Unlock()
	h := heading{SQL: q.SQL}
	if !q.Again {
		columns, sorted, err := sn.columnsOf(ctx, q.SQL, params)
		if err != nil {
			return err
		}
		for _, c := range columns {
			h.Kinds = append(h.Kinds, c.kind)
		}
		h.SQL = wrapped(q.SQL, columns, sorted, q.Most)
	}
	if err := sn.open(ctx, h.SQL); err != nil {
		return err
	}
	sum := newRowHash(true)
	cells := make([]*string, len(h.Kinds))
	begin := time.Now()
	err := queryEach(ctx, sn.db, &sn.asked, h.SQL, params, func(columns []string) error {
		if h.Columns = columns; q.Again {
			h.Kinds = slices.Repeat([]Kind{KindText}, len(columns))
			cells = make([]*string, len(columns))
		}
		return to.Encode(h)
	}, func(row []any) error {
		end.Rows++
		if err := sum.add(row); err != nil {
			return err
		}
		for i, v := range row {
			if s, ok := v.(string); ok && len(s) > maxCell {
				v = strings.ToValidUTF8(s[:maxCell], "") + "…"
			}
			var err error
			if cells[i], err = pack(v); err != nil {
				return fmt.Errorf("column %s: %w", h.Columns[i], err)
			}
		}
		return to.Encode(cells)
	})
	end.MS, end.SHA256 = float64(time.Since(begin).Microseconds())/1000, sum.String()
	return err
}

// bounded is a writer of so many bytes at most.
type bounded struct {
	io.Writer
	left, most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, fmt.Errorf("the rows have more than %d MB: ask for fewer rows or columns", b.most>>20)
	}
	return b.Writer.Write(p)
}
