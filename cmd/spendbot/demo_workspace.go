package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"spendbot/analysis/owners"
	"spendbot/bot/access"
	"spendbot/bot/jira"
	"spendbot/bot/sandbox"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
)

// demoAccess is who may see what in the demo's workspace.
//
//go:embed demo_access.yaml
var demoAccess []byte

// demoListen is where the page is when nothing else is said.
const demoListen = "127.0.0.1:8765"

// demoFresh is how many days back the demo tells what stood out: all that the last weeks have in them is worth a look.
const demoFresh = 10

// demoOptions are the flags of `spendbot demo`.
type demoOptions struct {
	listen string
	http   bool
	bare   bool
	play   bool
}

// demoWorkspace runs the demo: a workspace with its page, and the bot in it, over real HTTP and WebSocket.
func (a *app) demoWorkspace(ctx context.Context, o demoOptions) error {
	st, remove, err := a.openDemo(ctx, o.play)
	defer remove()
	if err != nil {
		return err
	}
	defer st.Close()
	apart, err := st.apart(ctx)
	if err != nil {
		return err
	}
	defer apart()
	page, err := net.Listen("tcp", o.listen)
	if errors.Is(err, syscall.EADDRINUSE) && o.listen == demoListen { // another demo, most likely
		page, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return fmt.Errorf("%w; --listen 127.0.0.1:0 takes any free port", err)
	}
	health, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		page.Close()
		return err
	}
	company := sandbox.Demo()
	const signingSecret = "demo-signing-secret" // of a workspace that exists in this process alone
	options := sandbox.Options{Company: company, URL: "http://" + page.Addr().String()}
	if a.flags.config == "" {
		options.Links = []sandbox.Link{{Name: "Tickets", Path: ticketsPath}}
		if o.play {
			options.Links[0].Name = "Tickets, and days to pass"
		}
	}
	if o.http {
		a.cfg.Slack.Mode = modeHTTP
		options.Delivery = sandbox.Delivery{BaseURL: "http://" + health.Addr().String(), SigningSecret: signingSecret}
	} else {
		a.cfg.Slack.Mode = modeSocket
	}
	if a.flags.config == "" {
		if err := a.demoConfig(); err != nil {
			return err
		}
	}
	box := sandbox.New(options)
	mux := http.NewServeMux()
	mux.Handle("/", box.Handler())
	if a.flags.config == "" {
		a.demoJira(ctx, mux, st, options, o.play)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(page) }()
	defer func() {
		box.Close()
		sctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(sctx) != nil {
			srv.Close() // an open page holds its stream
		}
	}()

	sc := slack.Config{BotToken: secret.Value(company.App.BotToken), AppToken: secret.Value(company.App.AppToken),
		SigningSecret: signingSecret, APIURL: options.URL + "/api/"}
	log := slog.New(secret.Redact(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}), sc.Secrets()...))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	wg.Go(func() { stop(a.runBot(ctx, st, sc, health, log)) })
	wg.Go(func() {
		if o.bare {
			return
		}
		if err := seed(ctx, box, o.http); err != nil && ctx.Err() == nil {
			log.Warn("the conversations to begin with did not come about", "error", err)
		}
	})
	fmt.Fprintf(a.stdout, `The demo company's workspace, with the bot in it:

  %s

You are Ana (FinOps, sees all spend). The switch at the top right makes you Ben (team payments), Chloe (team search), a guest,
or somebody of another company. Mention @Spendbot in a channel, write to it directly, or type /spend. Ctrl-C ends it.
Tickets: %s
Metrics: http://%s/metrics
`, options.URL, options.URL+ticketsPath, health.Addr())
	select {
	case err := <-served:
		stop(err)
	case <-ctx.Done():
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// openDemo opens the store that the demo is of; where days are to pass, one of its own, which remove takes away.
func (a *app) openDemo(ctx context.Context, play bool) (st *opened, remove func(), err error) {
	remove = func() {}
	if !play {
		st, err = a.open(ctx)
		return st, remove, err
	}
	if a.flags.store != "" {
		return nil, remove, usageError{errors.New("--play makes bills of its own; it takes no --store")}
	}
	dir, err := os.MkdirTemp("", "spendbot-play-")
	if err != nil {
		return nil, remove, err
	}
	remove = func() { os.RemoveAll(dir) }
	fmt.Fprintln(a.stderr, "Making bills of its own, so that days can pass (about 15 seconds).")
	if err := a.makeDemo(ctx, filepath.Join(dir, "store")); err != nil {
		return nil, remove, err
	}
	st, err = a.openDir(ctx, filepath.Join(dir, "store"), true)
	return st, remove, err
}

// demoConfig is what a company would configure, for one that exists in this process alone.
func (a *app) demoConfig() error {
	if err := yaml.UnmarshalWithOptions(demoAccess, &a.cfg.Access, yaml.Strict()); err != nil {
		return fmt.Errorf("the demo's access rules: %w", err)
	}
	if _, err := access.New(a.cfg.Access); err != nil {
		return fmt.Errorf("the demo's access rules: %w", err)
	}
	group := func(name string) inviteesConfig { return inviteesConfig{Groups: []string{name}} }
	a.cfg.Declare = &declareConfig{FinOps: group("finops"),
		Owners: map[string]inviteesConfig{"payments": group("payments-eng"), "search": group("search-eng"), "platform": group("platform-eng")}}
	a.cfg.Incidents.Channel = "#cloud-costs"
	fresh := demoFresh
	a.cfg.Incidents.Fresh = &fresh
	return nil
}

// ticketsPath is where the page of the stand-in for Jira is.
const ticketsPath = "/tickets/"

// demoJira puts a stand-in for Jira beside the workspace, with a project for each team that has one, and its page. Where days are to pass, the page
// lets them.
func (a *app) demoJira(ctx context.Context, mux *http.ServeMux, st *opened, workspace sandbox.Options, play bool) {
	const token = "demo-jira-token" // of a Jira that exists in this process alone
	at := workspace.URL + "/jira"
	tickets := tracker.New(tracker.Options{Cloud: true, Site: at, User: "spendbot@mayfly.example", Token: token, Now: a.clock()})
	for _, u := range workspace.Company.Users {
		if !u.Bot && !u.Deleted && !u.Guest && !u.Stranger {
			tickets.AddPeople(tracker.Person{ID: u.Name, Name: u.RealName})
		}
	}
	if book, err := a.book(owners.HistoryIn(st.Dir())); err == nil && book != nil && len(book.Versions()) > 0 {
		for team, t := range book.At(a.now).Config.Teams {
			if key := t.Sets[owners.JiraProject]; key != "" {
				tickets.AddProject(tracker.Usual(key, team))
			}
		}
	}
	passing := &tracker.Passing{Today: a.clock()}
	if play {
		passing.Pass = (&days{a: a, st: st, tickets: tickets, ctx: ctx, fixed: map[string]time.Time{}}).pass
	}
	mux.Handle("/jira/rest/", http.StripPrefix("/jira", tickets))
	mux.Handle(ticketsPath, tickets.Page(strings.TrimSuffix(ticketsPath, "/"), passing))
	mux.HandleFunc("GET /jira/browse/{key}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, ticketsPath+"?issue="+url.QueryEscape(r.PathValue("key")), http.StatusSeeOther)
	})
	a.jira = &jira.Config{URL: at, User: "spendbot@mayfly.example", Token: token}
	a.cfg.Jira.Project, a.cfg.Jira.Poll = "FIN", "10s"
}

// seed has a few of the company's people ask, so that the page is alive at first sight.
func seed(ctx context.Context, box *sandbox.Sandbox, overHTTP bool) error {
	if !overHTTP {
		if err := box.Wait(ctx, func(s *sandbox.Snapshot) bool { return s.Sockets() > 0 }); err != nil {
			return err
		}
	}
	at := "<@" + sandbox.Spendbot + "> "
	asks := []struct {
		user, channel, text, reply string
		posts                      int // that answer the text: a chart is one of its own
	}{
		{sandbox.Chloe, box.Direct(sandbox.Chloe), "why did search spend change last week?", "", 1},
		{sandbox.Gil, sandbox.Payments, at + "what do we spend?", "", 1},
		{sandbox.Ben, sandbox.Payments, at + "top 5 services in October", at + "and by account?", 1},
		{sandbox.Ana, sandbox.CloudCosts, at + "why did spend change last week?", at + "and by team?", 2},
	}
	for _, x := range asks {
		ts, err := box.Say(x.user, x.channel, "", x.text)
		if err != nil {
			return err
		}
		replied := func(n int) func(s *sandbox.Snapshot) bool {
			return func(s *sandbox.Snapshot) bool {
				got := 0
				for _, m := range s.Thread(x.channel, ts) {
					if m.User == sandbox.Spendbot {
						got++
					}
				}
				return got >= n
			}
		}
		if err := box.Wait(ctx, replied(x.posts)); err != nil {
			return err
		}
		if x.reply == "" {
			continue
		}
		if _, err := box.Say(x.user, x.channel, ts, x.reply); err != nil {
			return err
		}
		if err := box.Wait(ctx, replied(x.posts+1)); err != nil {
			return err
		}
	}
	return box.OpenHome(sandbox.Ana)
}
