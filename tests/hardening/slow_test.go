package hardening

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
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
	w := newWorld(t, settings{})
	_, client, token := w.Enroll(everything())
	withBasic := "Authorization: Basic " + basic(client.ClientID, client.ClientSecret)
	const form, json = "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/json"
	for target, lines := range map[string][]string{
		"/o/client/register": {json}, "/o/client/token": {form}, "/o/client/token?grant_type=client_credentials": {json},
		"/oauth2/register": {json}, "/oauth2/token": {form, withBasic}, "/oauth2/revoke": {form, withBasic}, "/oauth2/introspect": {form, withBasic},
		sdkCall: {form, token.Bearer()},
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			for _, p := range rawhttp.Protocols {
				t.Run(p.Name, func(t *testing.T) {
					t.Parallel()
					begun := time.Now()
					answer := w.send(t, p, rawhttp.Request{
						Method: http.MethodPost, Target: target, Lines: append([]string{"Content-Length: 60000"}, lines...), Slowly: byteByByte,
					})
					assert.Less(t, time.Since(begun), rawhttp.Patience*5/6, "the sender was waited for")
					assert.Contains(t, []int{noAnswer, http.StatusBadRequest}, answer.Status, answer.Body)
				})
			}
		})
	}
}
