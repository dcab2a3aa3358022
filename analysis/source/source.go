package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"spendbot/analysis/store"
)

// Options are how a source is read.
type Options struct {
	// Feed names the feed of what is loaded, as [ingest.Options].Source does; "" for each row's provider and billing account.
	Feed string
	// Mapping tells mappings of the user's own apart: what was loaded through another one is loaded again. "" without one.
	Mapping string
	// Settle is how old the newest file of a delivery without manifest must be; [DefaultSettle] when 0, less than 0 for no wait.
	Settle time.Duration
	// Together takes all that lies there for one delivery: for feeds whose months are spread over several folders.
	Together bool
	// Again takes what is current or was replaced by another load for new.
	Again bool
	// MaxBytes bounds what is fetched to this machine at once; [DefaultMaxBytes] when 0.
	MaxBytes int64
}

// The defaults of Options.
const (
	DefaultSettle   = 10 * time.Minute
	DefaultMaxBytes = 64 << 30
)

// isData reports whether a file may hold a bill, by its name. Whether JSON is one is seen when it is loaded: what is none is
// passed over then.
func (o *Options) isData(key string) bool {
	base := path.Base(key)
	if isManifest(key) || strings.HasPrefix(key, ".") || strings.Contains(key, "/.") || base == "_SUCCESS" { // hidden, or a job's mark that it is done
		return false
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".md", ".txt", ".md5", ".sha256", ".yaml", ".yml":
		return false
	}
	return true
}

// Source is an open place of bills.
type Source struct {
	// Address is the place without anything that opens it: "s3://bucket/bills", "file:///srv/bills". Load records name it.
	Address string

	place   place
	opts    Options
	prefix  string // of the address in its bucket
	nearby  bool   // on this machine
	secrets []string
}

// Error says what went wrong at a source and what to do. It quotes no secret.
type Error struct {
	Source  string // its address
	Problem string
	Hint    string
	err     error
}

func (e *Error) Error() string {
	s := e.Source + ": " + e.Problem
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

func (e *Error) Unwrap() error { return e.err }

// Remote reports whether an argument is the address of a bucket rather than a path.
func Remote(address string) bool {
	scheme, _, ok := strings.Cut(address, "://")
	return ok && scheme != "file" && !strings.ContainsAny(scheme, `/\`)
}

// AddressOf is what [Open] makes of an address for the load records, without opening it.
func AddressOf(address string) string {
	if local, ok := strings.CutPrefix(address, "file://"); ok {
		address = local
	}
	if Remote(address) {
		u, err := url.Parse(address)
		if err != nil {
			return ""
		}
		return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.EscapedPath(), "/")
	}
	abs, err := filepath.Abs(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String()
}

// Manifested reports whether a manifest lies in the source: whether its files say themselves what belongs together.
func (s *Source) Manifested(ctx context.Context) (bool, error) {
	objects, err := s.place.list(ctx)
	if err != nil {
		return false, s.fail("list it", err)
	}
	for _, o := range manifestsToRead(objects) {
		if o.Away {
			return true, nil // which is refused with the delivery
		}
		b, err := s.read(ctx, o, maxManifest+1)
		if err != nil {
			return false, err
		}
		if _, err := parseManifest(b); !errors.Is(err, errOther) {
			return true, nil
		}
	}
	return false, nil
}

// Check is an [Error] where [Open] would refuse an address for how it is written, without a look at the place: one for configuration to
// tell of before it is used, credentials in it above all.
func Check(address string) error {
	if strings.HasPrefix(address, "file://") || !Remote(address) {
		return nil
	}
	_, err := parse(address)
	return err
}

// parse reads the address of a bucket.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://")
		return nil, &Error{Source: scheme + "://...", Problem: "it is no address", Hint: "write it as s3://BUCKET/FOLDER"}
	}
	shown := AddressOf(address)
	switch {
	case schemes[u.Scheme] == "":
		return nil, &Error{Source: shown, Problem: "bills are not fetched over " + u.Scheme, Hint: "write a path, or an address that begins with s3://, gs:// or azblob://"}
	case u.User != nil || secretParam(u.Query()) != "":
		return nil, &Error{Source: shown, Problem: "it has credentials in its address", Hint: "leave them out: they come from " + schemes[u.Scheme]}
	case u.Host == "":
		return nil, &Error{Source: shown, Problem: "it names no bucket", Hint: "write it as " + u.Scheme + "://BUCKET/FOLDER"}
	}
	return u, nil
}

// Open opens a path or the address of a bucket, s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or azblob://CONTAINER/FOLDER. Query
// parameters choose a region or another endpoint as gocloud.dev documents them (s3://b?endpoint=http://127.0.0.1:7070&use_path_style=true);
// credentials are taken from where each cloud's SDK looks for them and may not stand in the address.
func Open(ctx context.Context, address string, o Options) (*Source, error) {
	o = o.filled()
	if local, ok := strings.CutPrefix(address, "file://"); ok {
		address = local
	}
	if !Remote(address) {
		return openFolder(address, o)
	}
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Source{Address: AddressOf(address), opts: o}
	prefix := strings.TrimPrefix(u.Path, "/")
	for _, v := range u.Query() {
		s.secrets = append(s.secrets, v...)
	}
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CONNECTION_STRING"} {
		s.secrets = append(s.secrets, os.Getenv(name))
	}
	bare := *u
	bare.Path, bare.RawPath, bare.Fragment = "", "", ""
	b, err := blob.OpenBucket(ctx, bare.String())
	if err != nil {
		return nil, s.fail("open it", err)
	}
	at := &bucket{b: b, prefix: prefix}
	if err := at.narrow(ctx); err != nil {
		b.Close()
		return nil, s.fail("look there", err)
	}
	s.place, s.prefix = at, at.prefix
	return s, nil
}

// secretParam is a query parameter that carries a secret, by its name; "" when there is none.
func secretParam(q url.Values) string {
	for name := range q {
		n := strings.ToLower(name)
		if n == "sig" || n == "key" || strings.HasSuffix(n, "_key") || strings.Contains(n, "secret") || strings.Contains(n, "token") || strings.Contains(n, "password") {
			return name
		}
	}
	return ""
}

// OpenBucket is a source in a bucket that is open already.
func OpenBucket(b *blob.Bucket, address, prefix string, o Options) *Source {
	return &Source{Address: address, place: &bucket{b: b, prefix: prefix}, prefix: prefix, opts: o.filled()}
}

func (o Options) filled() Options {
	if o.Settle == 0 {
		o.Settle = DefaultSettle
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	return o
}

func openFolder(at string, o Options) (*Source, error) {
	abs, err := filepath.Abs(at)
	if err != nil {
		return nil, err
	}
	st, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{Source: at, Problem: "no such file or folder", Hint: "write a path, or an address that begins with s3://, gs:// or azblob://", err: err}
	}
	if err != nil {
		return nil, err
	}
	s := &Source{Address: AddressOf(abs), opts: o, nearby: true}
	if st.IsDir() {
		root, err := filepath.EvalSymlinks(abs)
		if err != nil {
			return nil, err
		}
		s.place = &folder{root: root}
	} else {
		s.place = &folder{root: filepath.Dir(abs), single: filepath.Base(abs)}
	}
	return s, nil
}

// Close ends it.
func (s *Source) Close() error { return s.place.close() }

// fail words an error of a cloud's SDK: what was being done, what is the matter, where the credentials come from. SDKs quote
// requests, whose addresses may be signed.
func (s *Source) fail(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errGone) {
		return err
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	scheme, _, _ := strings.Cut(s.Address, "://")
	out := &Error{Source: s.Address, Problem: "could not " + doing + ": " + s.scrub(err.Error()), err: err}
	said := strings.ToLower(err.Error())
	switch code := gcerrors.Code(err); {
	case strings.Contains(said, "signaturedoesnotmatch"), strings.Contains(said, "invalidaccesskeyid"), strings.Contains(said, "authenticationfailed"),
		strings.Contains(said, "authorizationfailure"), strings.Contains(said, "status code: 403"), strings.Contains(said, "statuscode: 403"),
		code == gcerrors.PermissionDenied:
		out.Problem = "could not " + doing + ": access was denied (" + s.said(err) + ")"
		out.Hint = "the credentials come from " + schemes[scheme]
	case code == gcerrors.NotFound, strings.Contains(said, "nosuchbucket"), strings.Contains(said, "containernotfound"):
		out.Problem = "there is no such bucket"
		out.Hint = "or these credentials do not see it; they come from " + schemes[scheme]
	case strings.Contains(said, "credential"), strings.Contains(said, "private key"), strings.Contains(said, "oauth2"), strings.Contains(said, "token"):
		out.Hint = "credentials come from " + schemes[scheme]
	}
	return out
}

// saidCode is how SDKs name what a server answered.
var saidCode = regexp.MustCompile(`(?:api error |ERROR CODE: |RESPONSE \d+: \d+ )([A-Za-z][A-Za-z0-9 ]*)`)

// said is a server's own word for what is the matter, without the request around it.
func (s *Source) said(err error) string {
	if m := saidCode.FindAllStringSubmatch(err.Error(), -1); m != nil {
		return strings.TrimSpace(m[len(m)-1][1])
	}
	return s.scrub(err.Error())
}

// requestQuery is the query of an address, where signatures stand, and what follows a header of them.
var (
	requestQuery = regexp.MustCompile(`\?[^\s"'<>]+`)
	authHeader   = regexp.MustCompile(`(?i)(authorization|x-amz-security-token|signature|sig|credential)([:=]\s*)\S+`)
)

// mostSaid bounds what is quoted of an SDK's words: some quote whole pages.
const mostSaid = 300

// scrub takes from a text what may open something.
func (s *Source) scrub(text string) string {
	for _, secret := range s.secrets {
		if len(secret) >= 8 {
			text = strings.ReplaceAll(text, secret, "<secret>")
		}
	}
	text = requestQuery.ReplaceAllString(text, "?...")
	text = authHeader.ReplaceAllString(text, "$1$2<secret>")
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > mostSaid {
		text = strings.ToValidUTF8(text[:mostSaid], "") + "..."
	}
	return text
}

// State is what is to be done about a delivery.
type State string

// The states of a delivery.
const (
	Ready    State = "ready"    // new or changed, and whole: to be loaded
	Current  State = "current"  // what its newest load brought
	Waiting  State = "waiting"  // not whole yet
	Refused  State = "refused"  // its manifest cannot be used
	Replaced State = "replaced" // what was loaded of it has been replaced since by a load of something else
	NoBill   State = "no bill"  // JSON that is something else; seen when it was fetched
	Gone     State = "gone"     // loaded earlier and not there any more; it stays in force
)

// Found is a delivery, and what the store knows of it.
type Found struct {
	Delivery
	State State
	Why   string      // for people; "" for Ready and Current
	Load  *store.Load // its newest load; nil when there is none
	// Fingerprint tells its versions apart.
	Fingerprint string
}

// Look is what lies at a source at a moment, compared with what was loaded.
type Look struct {
	At     time.Time
	Found  []Found // by key
	Passed int     // data files in a manifest's folder that it does not name: older versions
}

// Count is how many deliveries are in a state.
func (l *Look) Count(st State) int {
	n := 0
	for _, f := range l.Found {
		if f.State == st {
			n++
		}
	}
	return n
}

// Look lists the source and compares it with the loads, newest first, as [store.Store.Loads] gives them.
func (s *Source) Look(ctx context.Context, loads []store.Load, now time.Time) (*Look, error) {
	objects, err := s.place.list(ctx)
	if err != nil {
		return nil, s.fail("list it", err)
	}
	fs, err := s.deliveries(ctx, objects, now)
	if err != nil {
		return nil, err
	}
	l := &Look{At: now, Passed: fs.passed}
	for _, d := range fs.deliveries {
		f := Found{Delivery: d, Fingerprint: s.fingerprint(d.Files)}
		at := slices.IndexFunc(loads, func(e store.Load) bool {
			return e.Delivery != nil && e.Delivery.Source == s.Address && e.Delivery.Key == d.Key
		})
		if at >= 0 {
			f.Load = &loads[at]
		}
		switch {
		case d.Bad != "":
			f.State, f.Why = Refused, d.Bad
		case f.Load != nil && f.Load.Delivery.Fingerprint == f.Fingerprint && !s.opts.Again:
			f.State = Current
			if by := store.ReplacedBy(loads, at); by != nil {
				f.State, f.Why = Replaced, "load "+by.ID+" took its place; it is not put back by itself"
			}
		case d.Waits != "":
			f.State, f.Why = Waiting, d.Waits
		default:
			f.State = Ready
		}
		l.Found = append(l.Found, f)
	}
	for i, e := range loads {
		if e.Delivery == nil || e.Delivery.Source != s.Address || slices.ContainsFunc(l.Found, func(f Found) bool { return f.Key == e.Delivery.Key }) {
			continue
		}
		if store.ReplacedBy(loads, i) != nil {
			continue
		}
		l.Found = append(l.Found, Found{Delivery: Delivery{Key: e.Delivery.Key, Version: e.Delivery.Version}, State: Gone, Load: &loads[i],
			Why: "it does not lie there any more; what was loaded stays in force"})
	}
	return l, nil
}

// fingerprint tells versions of a delivery apart without reading its files.
func (s *Source) fingerprint(files []Object) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%q %d %q\n", f.Key, f.Size, f.ETag)
	}
	fmt.Fprintf(h, "feed %q mapping %q\n", s.opts.Feed, s.opts.Mapping)
	return hex.EncodeToString(h.Sum(nil))
}
