package hardening

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// byteByByte sends for as long as anybody listens.
func byteByByte(write func(string) error) {
	for write("x") == nil {
		time.Sleep(100 * time.Millisecond)
	}
}

// Caddy waits for a body without end unless the operator says otherwise; what
// the gateway reads itself has to come within ten seconds.
func TestASlowSenderIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, client, token := w.Enroll(everything())
	withBasic := "Authorization: Basic " + basic(client.ClientID, client.ClientSecret)
	const form, json = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"
	var senders []*sender
	for target, lines := range map[string][]string{
		"/o/client/register": {json}, "/o/client/token": {form}, "/o/client/token?grant_type=client_credentials": {json},
		"/oauth2/register": {json}, "/oauth2/token": {form, withBasic}, "/oauth2/revoke": {form, withBasic}, "/oauth2/introspect": {form, withBasic},
		sdkCall: {form, token.Bearer()},
	} {
		for _, p := range rawhttp.Protocols {
			senders = append(senders, &sender{name: target + " over " + p.Name, done: make(chan struct{}), send: func() (harness.Answer, error) {
				return p.Send(t.Context(), w.tls, rawhttp.Request{
					Method: http.MethodPost, Target: target, Lines: append([]string{"Content-Length: 60000"}, lines...), Slowly: byteByByte,
				})
			}})
		}
	}
	// All at once: they wait, and do not compute.
	for _, s := range senders {
		go s.run()
	}
	for _, s := range senders {
		t.Run(s.name, func(t *testing.T) {
			<-s.done
			if !errors.Is(s.err, rawhttp.ErrRefused) {
				require.NoError(t, s.err)
			}
			assert.Less(t, s.took, rawhttp.Patience*5/6, "the sender was waited for")
			assert.Contains(t, []int{noAnswer, http.StatusBadRequest}, s.answer.Status, s.answer.Body)
		})
	}
}

// sender is one that takes its time.
type sender struct {
	name   string
	send   func() (harness.Answer, error)
	answer harness.Answer
	err    error
	took   time.Duration
	done   chan struct{}
}

func (s *sender) run() {
	defer close(s.done)
	begun := time.Now()
	s.answer, s.err = s.send()
	s.took = time.Since(begun)
}
