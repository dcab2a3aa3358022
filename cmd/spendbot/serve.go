package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/event"
	"spendbot/bot"
	"spendbot/bot/access"
	"spendbot/bot/metrics"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
)

func (a *app) serve() *cobra.Command {
	var listen, mode string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer in Slack",
		Long: `Answers in Slack until it is stopped, over Socket Mode or signed HTTP requests (slack.mode in the configuration).

Tokens come from the environment: SLACK_BOT_TOKEN (xoxb-...), and SLACK_APP_TOKEN (xapp-..., Socket Mode) or
SLACK_SIGNING_SECRET (http); or from the files that SLACK_BOT_TOKEN_FILE and so on name. SLACK_API_URL points it at another
server that speaks Slack's API. With SPENDBOT_EVENTS_SECRET, signed reports of deploys and the like are taken at /events. /healthz, /readyz and /metrics are served on slack.listen.`,
		Example: `  spendbot serve --store bills --config spendbot.yaml
  spendbot serve --store bills --mode http --listen :8080`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if listen != "" {
				a.cfg.Slack.Listen = listen
			}
			if mode != "" {
				a.cfg.Slack.Mode = mode
				if err := a.cfg.Slack.check(); err != nil {
					return usageError{err}
				}
			}
			sc, err := slackFromEnv(a.cfg.Slack.Mode)
			if err != nil {
				return usageError{err}
			}
			open := a.open
			if len(a.cfg.Sources) > 0 { // the first bills may be still to come
				open = a.openForSources
			}
			st, err := open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			key, err := eventsKey()
			if err != nil {
				return usageError{err}
			}
			log := slog.New(secret.Redact(slog.NewJSONHandler(a.stderr, nil), append(append(sc.Secrets(), key), jiraSecrets()...)...))
			slog.SetDefault(log)
			l, err := net.Listen("tcp", a.cfg.Slack.Listen)
			if err != nil {
				return fmt.Errorf("slack.listen: %w; choose another address with --listen", err)
			}
			return a.runBot(c.Context(), st, sc, l, log)
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "address of health, metrics and HTTP requests (slack.listen)")
	c.Flags().StringVar(&mode, "mode", "", "socket or http (slack.mode)")
	return c
}

// slackFromEnv reads the tokens, and says which are missing.
func slackFromEnv(mode string) (slack.Config, error) {
	c := slack.Config{APIURL: os.Getenv("SLACK_API_URL")}
	if c.APIURL != "" && c.APIURL[len(c.APIURL)-1] != '/' {
		c.APIURL += "/"
	}
	var err error
	for _, s := range []struct {
		name string
		to   *secret.Value
		need bool
	}{
		{"SLACK_BOT_TOKEN", &c.BotToken, true},
		{"SLACK_APP_TOKEN", &c.AppToken, mode == modeSocket},
		{"SLACK_SIGNING_SECRET", &c.SigningSecret, mode == modeHTTP},
	} {
		v, rerr := secret.Read(s.name)
		if *s.to = v; rerr != nil {
			err = errors.Join(err, rerr)
		} else if v == "" && s.need {
			err = errors.Join(err, fmt.Errorf("%s is not set (nor %s_FILE); `spendbot manifest` and the README say where it comes from", s.name, s.name))
		}
	}
	return c, err
}

// clock runs on from the moment that --now names.
func (a *app) clock() func() time.Time {
	begin, at := time.Now(), a.now
	return func() time.Time {
		t := time.Now()
		if a.flags.now != "" {
			t = at.Add(time.Since(begin))
		}
		return t.AddDate(0, 0, int(a.passed.Load()))
	}
}

// owner names this process among those that share a store.
func owner() string {
	var b [6]byte
	rand.Read(b[:])
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(b[:]))
}

// botOptions are the bot's own, as configured.
func (a *app) botOptions(st *opened, policy *access.Policy, log *slog.Logger) (bot.Options, error) {
	cfg := a.cfg.Slack
	o := bot.Options{Owner: owner(), Workers: cfg.Workers, Command: cfg.Command, FollowThreads: cfg.FollowThreads, Today: a.clock(), Alerts: a.cfg.Alerts.Channel,
		EventState: st.eventState()}
	var err error
	if o.Incidents, err = a.incidentOptions(st); err != nil {
		return o, err
	}
	if o.Tickets, err = a.ticketOptions(st, policy, log); err != nil {
		return o, err
	}
	// What is wrong in these is the configuration.
	var calendar ask.Options
	for _, read := range []func() error{
		func() (err error) { o.Lease, err = cfg.lease(); return },
		func() (err error) { o.Runbooks, err = a.library(); return },
		func() (err error) { o.EventRules, err = event.NewRules(a.cfg.Events.Scopes); return },
		func() (err error) { o.Digests, err = a.cfg.subscriptions(policy); return },
		func() (err error) { o.Declare, err = a.cfg.Declare.options(); return },
		func() (err error) { calendar, err = a.cfg.askOptions(); return },
	} {
		if err := read(); err != nil {
			return o, usageError{err}
		}
	}
	o.WeekStart = calendar.WeekStart
	if lasting := st.lasting; lasting != nil {
		o.Kept = func(ctx context.Context, a *analysis.Answer) {
			if err := lasting.SaveAnswer(ctx, a); err != nil {
				log.Warn("an answer cannot be traced once the workspace has ended", "answer", a.ID, "error", err)
			}
		}
	}
	return o, nil
}

// routes are what is served beside health and metrics.
func (a *app) routes(b *bot.Bot, client *slack.Client, jira bool) (map[string]http.Handler, error) {
	out := map[string]http.Handler{}
	if a.cfg.Slack.Mode == modeHTTP {
		out["/slack/"] = slack.HTTP(client, b.Receive)
	}
	key, err := eventsKey()
	if err != nil {
		return nil, usageError{err}
	}
	if key != "" {
		out["/events"] = b.EventsHandler(key)
	}
	if key, err = secret.Read(jiraHookSecret); err != nil {
		return nil, usageError{err}
	}
	if jira && key != "" {
		out["/jira/webhook"] = b.JiraHook(key)
	}
	return out, nil
}

// runBot answers in Slack until the context ends. l serves health and metrics, and in HTTP mode Slack's requests.
func (a *app) runBot(ctx context.Context, st *opened, sc slack.Config, l net.Listener, log *slog.Logger) error {
	cfg := a.cfg.Slack
	policy, err := a.policy(st.Dir())
	if err != nil {
		return err
	}
	d, err := a.desk(st, demoCaveatSlack)
	if err != nil {
		return err
	}
	defer d.Close()
	o, err := a.botOptions(st, policy, log)
	if err != nil {
		return err
	}
	m := metrics.New()
	client := slack.New(sc, time.Now, log, m)
	b := bot.New(d, client, st.state, policy, o, log, m)
	w, err := a.lookout(st, b.Watch, m, log)
	if err != nil {
		return err
	}
	routes, err := a.routes(b, client, o.Tickets.Jira != nil)
	if err != nil {
		return err
	}

	// Health is served before Slack is reached: an orchestrator must see a bot that waits for Slack as alive and not ready.
	srv := &http.Server{Handler: b.Handler(routes), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	defer func() {
		sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(sctx) // what is under way has been kept
	}()

	if err := identify(ctx, client, log); err != nil || ctx.Err() != nil {
		return err
	}
	log.Info("spendbot answers", "mode", cfg.Mode, "team", client.Self().TeamName, "listen", l.Addr().String(), "store", st.Dir(), "lease", o.Lease.String())

	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(run); err != nil {
			stop(err)
		}
	})
	if len(a.cfg.Sources) > 0 {
		wg.Go(func() { w.run(run) })
	}
	if cfg.Mode == modeHTTP {
		b.Connected(true)
	} else {
		wg.Go(func() {
			if err := slack.NewSocket(client, b.Receive, b.Connected).Run(run); err != nil {
				stop(err)
			}
		})
	}
	select {
	case err := <-served:
		stop(fmt.Errorf("serve %s: %w", l.Addr(), err))
	case <-run.Done():
	}
	wg.Wait()
	if ctx.Err() != nil {
		log.Info("stopped")
		return nil
	}
	return credentials(context.Cause(run))
}

// credentials adds what to do to an error of the credentials.
func credentials(err error) error {
	if slack.Fatal(err) {
		return fmt.Errorf("%w; %s", err, slack.FatalHint(err))
	}
	return err
}

// identify asks Slack who the bot is, as often as it takes. Credentials that are refused end it.
func identify(ctx context.Context, c *slack.Client, log *slog.Logger) error {
	wait := time.Second
	for {
		_, err := c.Identify(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case slack.Fatal(err):
			return credentials(err)
		}
		log.Warn("Slack cannot be reached; trying again", "error", err, "wait", wait.String())
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
		wait = min(2*wait, 30*time.Second)
	}
}
