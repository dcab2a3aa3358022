package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"

	"spendbot/analysis/ingest"
)

// The servers that stand for the clouds, built or installed once per machine into the user's cache.
const (
	versitygw = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
	fakeGCS   = "github.com/fsouza/fake-gcs-server@v1.56.1"
	azurite   = "azurite@3.35.0"
)

func long(t *testing.T) {
	t.Helper()
	if os.Getenv("SPENDBOT_LONG") == "" {
		t.Skip("real servers: SPENDBOT_LONG=1 has them built, started and asked")
	}
}

// installing keeps two tests of a run from installing at once.
var installing sync.Mutex

// goServer builds a server from the module proxy and returns its path; the test is skipped where it cannot be had.
func goServer(t *testing.T, module string) string {
	t.Helper()
	dir := cache(t, "bin")
	name, version, _ := strings.Cut(filepath.Base(module), "@")
	exe := filepath.Join(dir, name)
	mark := exe + "-" + version
	if _, err := os.Stat(mark); err == nil {
		return exe
	}
	install(t, mark, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", "-p", "1", module)
	return exe
}

// azuriteServer installs Azurite from npm and returns the file that node runs.
func azuriteServer(t *testing.T) string {
	t.Helper()
	dir := cache(t, "azurite")
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node to run Azurite with")
	}
	mark := filepath.Join(dir, strings.ReplaceAll(azurite, "@", "-"))
	if _, err := os.Stat(mark); err != nil {
		install(t, mark, nil, "npm", "install", "--no-audit", "--no-fund", "--prefix", dir, azurite)
	}
	return filepath.Join(dir, "node_modules", "azurite", "dist", "src", "blob", "main.js")
}

func cache(t *testing.T, sub string) string {
	t.Helper()
	root, err := os.UserCacheDir()
	if err != nil {
		root = os.TempDir()
	}
	dir := filepath.Join(root, "spendbot-test-servers", sub)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func install(t *testing.T, mark string, env []string, command ...string) {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	t.Logf("%s (once per machine)", strings.Join(command, " "))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir, c.Env = t.TempDir(), append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("the server cannot be had: %v\n%s", err, out)
	}
	if err := os.WriteFile(mark, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// serve starts a server and waits until it takes connections; it ends with the test.
func serve(t *testing.T, port string, command ...string) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(command[0]), said.String())
		}
	})
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", command[0], err, said.String())
		case <-time.After(20 * time.Millisecond): // another process has no channel to wait on
		}
	}
	t.Fatalf("%s takes no connections", command[0])
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestS3(t *testing.T) {
	long(t)
	exe, port, root := goServer(t, versitygw), freePort(t), t.TempDir()
	serve(t, port, exe, "--access", "bill-reader", "--secret", "an-s3-secret-that-nobody-sees", "--port", "127.0.0.1:"+port, "posix", "--sidecar", t.TempDir(), root)
	t.Setenv("AWS_ACCESS_KEY_ID", "bill-reader")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "an-s3-secret-that-nobody-sees")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	query := "?region=us-east-1&use_path_style=true&endpoint=http://127.0.0.1:" + port
	b := bucketOf(t, "s3://bills"+query)
	var client *s3.Client
	if !b.As(&client) {
		t.Fatal("no client")
	}
	name := "bills"
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	life(t, b, "s3://bills/company"+query)

	t.Run("wrong credentials", func(t *testing.T) {
		t.Setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-but-one-all-the-same")
		denied(t, "s3://bills/company"+query, "access was denied", "AWS_SECRET_ACCESS_KEY", "not-the-secret-but-one-all-the-same", "an-s3-secret")
	})
	t.Run("no such bucket", func(t *testing.T) {
		denied(t, "s3://elsewhere/company"+query, "no such bucket", "AWS_ACCESS_KEY_ID", "an-s3-secret")
	})
	t.Run("one object", func(t *testing.T) {
		s, err := Open(t.Context(), "s3://bills/company/loose/2026-10/a.csv"+query, Options{Settle: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if l := look(t, s, newStore(t), later()); states(l) != ". ready" || len(l.Found[0].Files) != 1 {
			t.Errorf("states %s", states(l))
		}
	})
}

func TestGoogleCloudStorage(t *testing.T) {
	long(t)
	exe, port := goServer(t, fakeGCS), freePort(t)
	serve(t, port, exe, "-scheme", "http", "-host", "127.0.0.1", "-port", port, "-backend", "memory", "-public-host", "127.0.0.1:"+port)
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:"+port)
	res, err := http.Post("http://127.0.0.1:"+port+"/storage/v1/b?project=x", "application/json", strings.NewReader(`{"name":"bills"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	life(t, bucketOf(t, "gs://bills"), "gs://bills/company")

	t.Run("no such bucket", func(t *testing.T) {
		denied(t, "gs://elsewhere/company", "no such bucket", "GOOGLE_APPLICATION_CREDENTIALS")
	})
	t.Run("wrong credentials", func(t *testing.T) { // the stand-in asks for none: the SDK's own reading of them is what fails
		key := filepath.Join(t.TempDir(), "key.json")
		if err := os.WriteFile(key, []byte(`{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nbm90LWEta2V5\n-----END PRIVATE KEY-----\n","client_email":"x@y.example"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", key)
		t.Setenv("STORAGE_EMULATOR_HOST", "")
		denied(t, "gs://bills/company", "could not", "GOOGLE_APPLICATION_CREDENTIALS", "bm90LWEta2V5", "BEGIN PRIVATE KEY")
	})
}

// azuriteKey is the published key of Azurite's only account.
const azuriteKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

func TestAzureBlobStorage(t *testing.T) {
	long(t)
	script, port := azuriteServer(t), freePort(t)
	serve(t, port, "node", script, "--blobHost", "127.0.0.1", "--blobPort", port, "--location", t.TempDir(), "--skipApiVersionCheck", "--disableTelemetry", "--silent")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "devstoreaccount1")
	t.Setenv("AZURE_STORAGE_KEY", azuriteKey)
	query := "?protocol=http&localemu=true&domain=127.0.0.1:" + port
	b := bucketOf(t, "azblob://bills"+query)
	var client *container.Client
	if !b.As(&client) {
		t.Fatal("no client")
	}
	if _, err := client.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	life(t, b, "azblob://bills/company"+query)

	t.Run("wrong credentials", func(t *testing.T) {
		wrong := "bm90LXRoZS1rZXktYnV0LW9uZS1hbGwtdGhlLXNhbWU="
		t.Setenv("AZURE_STORAGE_KEY", wrong)
		t.Setenv("SPENDBOT_TEST_DENIED", "azblob://bills/company"+query)
		// In a process of its own: the SDK reads its environment once.
		out, err := exec.Command(os.Args[0], "-test.run=^TestDeniedByAzure$", "-test.v").CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestDeniedByAzure")) {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("no such container", func(t *testing.T) {
		denied(t, "azblob://elsewhere/company"+query, "no such bucket", "AZURE_STORAGE_ACCOUNT", azuriteKey)
	})
}

// TestDeniedByAzure is the other process of TestAzureBlobStorage.
func TestDeniedByAzure(t *testing.T) {
	address := os.Getenv("SPENDBOT_TEST_DENIED")
	if address == "" {
		t.Skip("part of TestAzureBlobStorage")
	}
	denied(t, address, "access was denied", "AZURE_STORAGE_KEY", os.Getenv("AZURE_STORAGE_KEY"))
}

func bucketOf(t *testing.T, url string) *blob.Bucket {
	t.Helper()
	b, err := blob.OpenBucket(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// denied opens a source and expects an error with its hint and without any secret.
func denied(t *testing.T, address, want, hint string, secrets ...string) {
	t.Helper()
	s, err := Open(t.Context(), address, Options{})
	if err == nil {
		defer s.Close()
		_, err = s.Look(t.Context(), nil, noon)
	}
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), hint) {
		t.Fatalf("%v, want %q and %q", err, want, hint)
	}
	t.Log(err)
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error quotes %q: %v", secret, err)
		}
	}
	if len(err.Error()) > 700 || strings.Contains(err.Error(), "\n") {
		t.Errorf("an error of %d bytes: %v", len(err.Error()), err)
	}
}

// life is what a bucket goes through on a server: a first load from more than a page of keys, nothing new, an upload under way,
// a restatement, a file that vanishes while it is fetched, a damaged manifest.
func life(t *testing.T, b *blob.Bucket, address string) {
	t.Helper()
	ctx := t.Context()
	dir := "r/20261001-20261101/"
	first, second := bill("111", "2026-10", 2, "1.5", "Amazon EC2"), bill("111", "2026-10", 2, "0.25", "Amazon S3")
	at := func(files map[string]string) map[string]string {
		out := map[string]string{}
		for k, v := range files {
			out["company/"+k] = v
		}
		return out
	}
	var g errgroup.Group
	g.SetLimit(16)
	for i := range 1010 {
		g.Go(func() error {
			return b.WriteAll(ctx, fmt.Sprintf("company/r/notes/%04d.txt", i), []byte("no bill"), nil)
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	put(t, b, at(map[string]string{dir + "a-1/r-1.csv": first, dir + "a-1/r-2.csv": second, dir + "r-Manifest.json": report("a-1", "company/"+dir+"a-1/r-1.csv", "company/"+dir+"a-1/r-2.csv"),
		"loose/2026-10/a.csv": bill("222", "2026-10", 3, "1")}))
	put(t, b, map[string]string{"company-else/x.csv": bill("333", "2026-10", 1, "1")})

	s, err := Open(ctx, address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if want := strings.SplitN(address, "?", 2)[0]; s.Address != want {
		t.Errorf("address %q, want %q", s.Address, want)
	}
	st := newStore(t)
	if got, want := states(look(t, s, st, time.Now())), "loose/2026-10 waiting, r/20261001-20261101 ready"; got != want {
		t.Errorf("at once: %s, want %s", got, want)
	}
	for _, o := range loadAll(t, s, st) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	if got, want := states(look(t, s, st, later())), "loose/2026-10 current, r/20261001-20261101 current"; got != want {
		t.Errorf("after the first load: %s, want %s", got, want)
	}
	loads, err := st.Loads(ctx)
	if err != nil || len(loads) != 2 {
		t.Fatalf("%d loads, %v; want 2", len(loads), err)
	}
	for _, l := range loads {
		for _, f := range l.Files {
			if f.ETag == "" || f.Bytes == 0 {
				t.Errorf("file %+v has no ETag", f)
			}
		}
	}
	before := table(t, st)

	put(t, b, at(map[string]string{dir + "a-2/r-1.csv": bill("111", "2026-10", 2, "1.75", "Amazon EC2"), dir + "r-Manifest.json": report("a-2", "company/"+dir+"a-2/r-1.csv", "company/"+dir+"a-2/r-2.csv")}))
	if f := look(t, s, st, later()).Found[1]; f.State != Waiting || !strings.Contains(f.Why, dir+"a-2/r-2.csv") {
		t.Errorf("an upload under way: %s: %s", f.State, f.Why)
	}
	if out := loadAll(t, s, st); len(out) != 0 || table(t, st) != before {
		t.Errorf("an upload under way was loaded: %+v", out)
	}
	put(t, b, at(map[string]string{dir + "a-2/r-2.csv": second}))
	out := loadAll(t, s, st)
	if len(out) != 1 || out[0].Err != nil {
		t.Fatalf("restated: %+v", out)
	}
	if re := out[0].Result.Load.Restated; len(re) != 1 || re[0].Effective().String() != "0.5" || re[0].Services[0].Service != "Amazon EC2" {
		t.Errorf("restatement %+v", re)
	}
	after := table(t, st)

	// A file goes between the look and the fetching.
	put(t, b, at(map[string]string{"loose/2026-10/b.csv": bill("222", "2026-10", 1, "7")}))
	l := look(t, s, st, later())
	if err := b.Delete(ctx, "company/loose/2026-10/b.csv"); err != nil {
		t.Fatal(err)
	}
	out, err = s.Load(ctx, st, l, ingest.Options{Now: noon}, true)
	if err != nil || len(out) != 1 || !errors.Is(out[0].Err, ErrChanged) || table(t, st) != after {
		t.Errorf("a file that vanished: %+v, %v", out, err)
	}
	put(t, b, at(map[string]string{dir + "r-Manifest.json": `{"assemblyId":"a-3","reportKeys":["company/r`}))
	if l := look(t, s, st, later()); l.Count(Refused) != 1 || l.Count(Ready) != 0 {
		t.Errorf("a damaged manifest: %s", states(l))
	}
	put(t, b, at(map[string]string{dir + "r-Manifest.json": report("a-3", "company-else/x.csv")}))
	if l := look(t, s, st, later()); l.Count(Refused) != 1 || l.Count(Ready) != 0 {
		t.Errorf("a manifest that names another company's file: %s", states(l))
	}
	if table(t, st) != after {
		t.Error("the store changed")
	}
}
