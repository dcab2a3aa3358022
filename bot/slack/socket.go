package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"spendbot/bot/metrics"
)

// Sink takes an event. It returns once the event is kept, so that it may be acknowledged: nil also for one that is known
// already. After an error the event is not acknowledged and Slack delivers it again.
type Sink func(ctx context.Context, e Event) error

// keepTime bounds the keeping of an event. Slack waits 3 seconds for the acknowledgement; events come again after that, but what somebody
// pressed, sent off or commanded never does, so that it is kept however late, and also where Slack has hung up by then.
const keepTime = 30 * time.Second

func (s Sink) keep(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	return s(ctx, e)
}

// Reconnecting: the first wait after a connection that could not be made or did not hold, and the longest.
const (
	firstWait = 500 * time.Millisecond
	longWait  = 30 * time.Second
)

// Socket takes events over Socket Mode.
type Socket struct {
	client  *Client
	sink    Sink
	log     *slog.Logger
	metrics *metrics.Metrics
	now     func() time.Time
	up      func(bool)
}

// NewSocket makes a receiver; up is told when a connection comes and goes.
func NewSocket(c *Client, sink Sink, up func(bool)) *Socket {
	return &Socket{client: c, sink: sink, log: c.log, metrics: c.metrics, now: c.now, up: up}
}

// Run receives until the context ends, and reconnects whatever happens. It returns an error only when the credentials are
// refused ([Fatal]).
func (s *Socket) Run(ctx context.Context) error {
	wait := firstWait
	for {
		connected, err := s.connect(ctx)
		s.up(false)
		switch {
		case ctx.Err() != nil:
			return nil
		case Fatal(err):
			return fmt.Errorf("Socket Mode: %w", err)
		case connected:
			wait = firstWait
		}
		s.log.Warn("socket lost; connecting again", "error", err, "wait", wait.String())
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		wait = min(2*wait, longWait)
	}
}

// connect runs one client of slack-go, which itself reconnects when Slack asks for it. A new one begins with no memory of
// waits that grew to minutes.
func (s *Socket) connect(ctx context.Context) (connected bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := socketmode.New(s.client.api)
	done := make(chan error, 1)
	go func() { done <- c.RunContext(ctx) }()
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil { // asked to stop
				return connected, nil
			}
			return connected, s.client.failed(methodSocket, err)
		case e := <-c.Events:
			switch e.Type {
			case socketmode.EventTypeConnecting:
				s.up(false)
			case socketmode.EventTypeHello:
				connected = true
				s.up(true)
				s.log.Info("connected to Slack", "mode", "socket")
			case socketmode.EventTypeConnectionError, socketmode.EventTypeErrorWriteFailed, socketmode.EventTypeIncomingError:
				if bad, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
					err := s.client.failed(methodSocket, bad.ErrorObj)
					if Fatal(err) {
						return connected, err
					}
					s.log.Warn("could not connect to Slack", "error", err, "wait", bad.Backoff.String())
					if bad.Backoff > longWait { // begin anew rather than wait for minutes
						return connected, err
					}
				}
			case socketmode.EventTypeErrorBadMessage:
				s.log.Warn("a message over the socket could not be read; Slack will send it again")
			case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
				go s.take(ctx, c, e) // bounded: Slack has few envelopes in flight, and each ends within keepTime
			}
		}
	}
}

// take keeps an event and acknowledges it.
func (s *Socket) take(ctx context.Context, c *socketmode.Client, in socketmode.Event) {
	if in.Request == nil {
		return
	}
	begin := s.now()
	var e Event
	var err error
	switch in.Type {
	case socketmode.EventTypeEventsAPI:
		e, err = parseEvents(in.Request.Payload)
	case socketmode.EventTypeInteractive:
		e, err = parseInteraction(in.Request.Payload)
	default:
		e, err = parseCommandJSON(in.Request.Payload)
	}
	if err == nil {
		e.Received = begin
		err = s.sink.keep(ctx, e)
		if err != nil {
			s.log.Error("event not kept; Slack will deliver it again", "kind", string(e.Kind), "error", err)
			return
		}
	} else if !errors.Is(err, errIgnored) {
		s.log.Warn("event not understood", "error", err) // acknowledged all the same: it will not read better the next time
	}
	if err := c.AckCtx(ctx, in.Request.EnvelopeID, nil); err != nil {
		s.log.Warn("acknowledgement not sent; Slack will deliver the event again", "error", err)
		return
	}
	s.metrics.Ack(s.now().Sub(begin))
}
