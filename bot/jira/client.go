package jira

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	jira "github.com/andygrunwald/go-jira"
	"golang.org/x/time/rate"

	"spendbot/bot/secret"
)

// Config says where Jira is and who the bot is there.
type Config struct {
	// URL is the site, https://company.atlassian.net; for a scoped API token https://api.atlassian.com/ex/jira/CLOUD-ID; or a Data Center's address.
	URL string
	// User is the e-mail address that the API token belongs to; empty with a personal access token.
	User string
	// Token is an API token (Cloud) or a personal access token (Data Center).
	Token secret.Value
	// Transport carries requests; http.DefaultTransport where it is nil.
	Transport http.RoundTripper
	// Timeout bounds one request; [DefaultTimeout] where it is 0.
	Timeout time.Duration
	// Writes is how many writes a second go out at most; [DefaultWrites] where it is 0. Atlassian's own limit for one issue is 20 in two seconds.
	Writes float64
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
}

// The defaults of [Config].
const (
	DefaultTimeout = 20 * time.Second
	DefaultWrites  = 8
)

// ReadConfig reads JIRA_URL, JIRA_USER and JIRA_TOKEN, or the files that JIRA_TOKEN_FILE and so on name. Without any of them Jira is not used: ok is
// false.
func ReadConfig() (c Config, ok bool, err error) {
	var address, user secret.Value
	for _, v := range []struct {
		name string
		to   *secret.Value
	}{{"JIRA_URL", &address}, {"JIRA_USER", &user}, {"JIRA_TOKEN", &c.Token}} {
		if *v.to, err = secret.Read(v.name); err != nil {
			return Config{}, false, err
		}
	}
	c.URL, c.User = address.Reveal(), user.Reveal()
	if c.URL == "" && c.User == "" && c.Token == "" {
		return Config{}, false, nil
	}
	return c, true, c.Check()
}

// Check says what is missing or cannot be.
func (c Config) Check() error {
	if c.URL == "" {
		return errors.New("JIRA_URL is not set: the site's address, as https://company.atlassian.net")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return errors.New("JIRA_URL is no web address: write the site's, as https://company.atlassian.net")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("JIRA_URL holds more than an address: credentials go to JIRA_USER and JIRA_TOKEN")
	}
	if u.Scheme == "http" && !local(u.Hostname()) {
		return fmt.Errorf("JIRA_URL is http://%s: the token would travel unencrypted; use https", u.Host)
	}
	if c.Token == "" {
		return errors.New("JIRA_TOKEN is not set: an API token of JIRA_USER (Cloud), or a personal access token (Data Center)")
	}
	if c.User == "" && cloudHost(u.Hostname()) {
		return errors.New("JIRA_USER is not set: Jira Cloud wants the e-mail address that the API token belongs to")
	}
	return nil
}

func local(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

func cloudHost(host string) bool {
	return strings.HasSuffix(host, ".atlassian.net") || host == "api.atlassian.com"
}

// Client speaks to one Jira. It is safe for use by several goroutines.
type Client struct {
	api    *jira.Client
	site   string // for links people open
	log    *slog.Logger
	now    func() time.Time
	writes *rate.Limiter

	mu   sync.Mutex
	self Self
}

// Self is who the bot is, and where.
type Self struct {
	// ID is an account id in the Cloud and a user name in a Data Center: what assignees are named by too.
	ID, Name string
	Cloud    bool
	Version  string
	Site     string // the address people open, without a slash at the end
}

// New makes a client. Nothing is sent yet; [Client.Identify] comes first.
func New(c Config, log *slog.Logger) (*Client, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Writes <= 0 {
		c.Writes = DefaultWrites
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	transport := c.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	var signed http.RoundTripper
	if c.User != "" {
		signed = &jira.BasicAuthTransport{Username: c.User, Password: c.Token.Reveal(), Transport: transport}
	} else {
		signed = &jira.PATAuthTransport{Token: c.Token.Reveal(), Transport: transport}
	}
	hc := &http.Client{Transport: signed, Timeout: c.Timeout,
		// A redirect would take the credentials along, or turn a POST into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	api, err := jira.NewClient(hc, strings.TrimRight(c.URL, "/")+"/")
	if err != nil {
		return nil, fmt.Errorf("JIRA_URL: %w", err)
	}
	return &Client{api: api, site: strings.TrimRight(c.URL, "/"), log: log, now: c.Now,
		writes: rate.NewLimiter(rate.Limit(c.Writes), max(1, int(c.Writes)))}, nil
}

// Known identifies the bot to itself unless that was done: how Jira is searched and people are named hangs on which Jira it is. An error is one of a call that wrote nothing.
func (c *Client) Known(ctx context.Context) error {
	if c.Self().ID != "" {
		return nil
	}
	s, err := c.Identify(ctx)
	if err == nil {
		c.log.Info("Jira is connected", "site", s.Site, "as", s.Name, "cloud", s.Cloud)
	}
	return err
}

// Identify asks Jira what it is and who the bot is there. Everything else needs it done once; see [Client.Known].
func (c *Client) Identify(ctx context.Context) (Self, error) {
	var info struct {
		BaseURL        string `json:"baseUrl"`
		Version        string `json:"version"`
		DeploymentType string `json:"deploymentType"` // "Cloud", "Server"; older servers leave it out
	}
	if err := c.get(ctx, "ask Jira what it is", "rest/api/2/serverInfo", &info); err != nil {
		return Self{}, err
	}
	var me rawPerson
	if err := c.get(ctx, "ask Jira who the bot is", "rest/api/2/myself", &me); err != nil {
		return Self{}, err
	}
	s := Self{Version: info.Version, Cloud: info.DeploymentType == "Cloud" || info.DeploymentType == "" && me.AccountID != "", Site: c.site}
	who := me.person(s.Cloud)
	s.ID, s.Name = who.ID, who.Name
	if u, err := url.Parse(info.BaseURL); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		s.Site = strings.TrimRight(info.BaseURL, "/")
	}
	if s.ID == "" {
		return Self{}, &Error{Op: "ask Jira who the bot is", Outcome: Refused, Err: errors.New("the answer names nobody")}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = s
	return s, nil
}

// Self is who the bot is, after [Client.Identify].
func (c *Client) Self() Self {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self
}

// Browse is the address at which people see an issue.
func (c *Client) Browse(key string) string { return c.Self().Site + "/browse/" + url.PathEscape(key) }

// mostAnswer bounds what is read of an answer.
const mostAnswer = 8 << 20

// get reads JSON.
func (c *Client) get(ctx context.Context, op, path string, into any) error {
	req, err := c.api.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return &Error{Op: op, Outcome: Refused, Err: err}
	}
	return c.do(op, req, into)
}

// send writes JSON and reads what comes back into "into" where it is not nil.
func (c *Client) send(ctx context.Context, op, method, path string, body, into any) error {
	if err := c.writes.Wait(ctx); err != nil {
		return &Error{Op: op, Outcome: Later, Err: err}
	}
	req, err := c.api.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return &Error{Op: op, Outcome: Refused, Err: err}
	}
	return c.do(op, req, into)
}

func (c *Client) do(op string, req *http.Request, into any) error {
	resp, err := c.api.Do(req, nil)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return c.failed(op, resp, err)
	}
	if resp.StatusCode == http.StatusNoContent || into == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostAnswer)) // so that the connection can be used again
		return nil
	}
	return c.decode(op, resp, into)
}
