package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"

	"github.com/apache/iceberg-go/table"

	"spendbot/analysis"
)

// OnStep has f told of every step of a load.
func OnStep(f func(step string)) { reached = f }

// Files are the data files a snapshot reads.
func Files(sn *Snapshot) []string { return slices.Concat(paths(sn.daily), paths(sn.lines)) }

// Orphans lists the files of the warehouse that no snapshot of its tables needs.
func Orphans(ctx context.Context, s *Store) ([]string, error) {
	var out []string
	for name := range tables() {
		t, err := s.load(ctx, name)
		if err != nil {
			return nil, err
		}
		r, err := t.DeleteOrphanFiles(ctx, table.WithFilesOlderThan(0), table.WithDryRun(true))
		if err != nil {
			return nil, err
		}
		out = append(out, r.OrphanFileLocations...)
	}
	return out, nil
}

// AdHocHere is AdHoc without a process: what a guest would be asked is answered here, and read as from there.
func AdHocHere(ctx context.Context, sn *Snapshot, text string, params []string, most int) (*Found, analysis.QueryTrace, error) {
	tr := analysis.QueryTrace{Name: adHocName}
	text = bare(subscripts(text))
	if text == "" {
		return nil, tr, ErrNotAllowed
	}
	q := question{SQL: text, Params: params, Most: most + 1, Daily: paths(sn.daily), Lines: paths(sn.lines), Threads: 1}
	var out bytes.Buffer
	var end ending
	to := json.NewEncoder(&out)
	err := q.answer(ctx, to, &end)
	if err == nil {
		err = to.Encode(end)
	}
	if err != nil {
		return nil, tr, err
	}
	found, got, err := readReply(&out, q.Most)
	if err != nil || got == nil {
		return nil, tr, errors.Join(err, errors.New("no answer"))
	}
	tr.SQL, tr.Rows, tr.SHA256 = found.sql, got.Rows, got.SHA256
	if found.More = len(found.Values) > most; found.More {
		found.Values = found.Values[:most]
	}
	return &found.Found, tr, nil
}

// AdHocWithin is AdHoc in so many bytes of memory and seconds of processor time.
func AdHocWithin(ctx context.Context, sn *Snapshot, text string, data uint64, cpu int) error {
	_, _, err := sn.ask(ctx, question{SQL: text, Most: 10, Data: data, CPU: cpu})
	return err
}

// GuestProcess is the process that a question is asked.
func GuestProcess(sn *Snapshot) *exec.Cmd { return sn.guest(context.Background()) }

// Question is a question as a guest reads it.
func Question(sn *Snapshot, text, tmp string) []byte {
	b, err := json.Marshal(question{SQL: text, Most: 10, Daily: paths(sn.daily), Lines: paths(sn.lines), Tmp: tmp, Data: guestData})
	if err != nil {
		panic(err)
	}
	return append(b, '\n')
}

// ReadReply reads what a guest answered, and says whether there was all of it.
func ReadReply(r io.Reader, most int) (rows *Rows, whole bool, err error) {
	found, end, err := readReply(r, most)
	if err != nil || end == nil {
		return nil, false, err
	}
	return &found.Rows, true, nil
}

// The parts of a reply.
var Pack, Unpack = pack, unpack
