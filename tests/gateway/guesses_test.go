package gateway

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// behindProxy makes the test's own address one of a trusted proxy, so that
// X-Forwarded-For says which device calls.
const behindProxy = "servers {\n\t\ttrusted_proxies static 127.0.0.1/32\n\t}\n"

// wrong is a token request with credentials of nobody.
func wrong(id, secret string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
}

func tooMany(t *testing.T, answer harness.Answer) {
	t.Helper()
	assert.Equal(t, http.StatusTooManyRequests, answer.Status, answer.Body)
	assert.Equal(t, "too_many_requests", answer.JSON(t)["error"])
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	require.NoError(t, err)
	assert.Positive(t, seconds)
	headers(t, answer)
}

// verbatim posts the form and answers every byte that comes back, but for what
// differs between any two answers.
func verbatim(t *testing.T, w *world, form url.Values) string {
	t.Helper()
	address, body := strings.TrimPrefix(w.URL, "http://"), form.Encode()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = fmt.Fprintf(conn, "POST /o/client/token HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	text := regexp.MustCompile(`\r\nDate: [^\r]+`).ReplaceAllString(string(answer), "\r\nDate: now")
	text = regexp.MustCompile(`\r\nX-Dcr-Trace: [0-9a-f-]{36}`).ReplaceAllString(text, "\r\nX-Dcr-Trace: random")
	return regexp.MustCompile(`\r\nRetry-After: [0-9]+`).ReplaceAllString(text, "\r\nRetry-After: soon")
}

func TestUnknownClientsAndWrongSecretsGetTheSameAnswerByteForByte(t *testing.T) {
	overStores(t, settings{options: "guesses {\n\t\t\tper_client 1/h burst 2\n\t\t\tper_address off\n\t\t}\n"}, func(t *testing.T, w *world) {
		_, client, _ := w.Enroll(v2App())
		unknown := uuid.NewString()
		for n, status := range []string{"400", "400", "429", "429"} {
			first := verbatim(t, w, wrong(client.ClientID, client.ClientSecret+"x"))
			assert.Contains(t, first, "HTTP/1.1 "+status)
			assert.Equal(t, first, verbatim(t, w, wrong(unknown, client.ClientSecret)), "try %d", n)
			if status == "429" {
				assert.Contains(t, first, "Retry-After: soon")
			}
		}
		assert.Contains(t, verbatim(t, w, client.Form()), "HTTP/1.1 201")
	})
}

// One address guesses at clients of another: nobody else pays for it.
func TestGuessingLocksNoHealthyClientOut(t *testing.T) {
	options := "guesses {\n\t\t\tper_client 1/h burst 3\n\t\t\tper_address 1/h burst 5\n\t\t}\n"
	overStores(t, settings{options: options, global: behindProxy, site: "\tmetrics /metrics\n"}, func(t *testing.T, w *world) {
		_, client, _ := w.Enroll(v2App())
		from := func(address string) string { return "X-Forwarded-For: " + address }
		const attacker, home = "192.0.2.66", "192.0.2.1"

		t.Run("by the client that is guessed at", func(t *testing.T) {
			for range 3 {
				refused(t, w.PostToken(wrong(client.ClientID, "guess"), from(attacker)), "invalid_client")
			}
			tooMany(t, w.PostToken(wrong(client.ClientID, "guess"), from(attacker)))
			tooMany(t, w.PostToken(wrong(client.ClientID, "guess"), from(home)))
			assert.Equal(t, http.StatusCreated, w.PostToken(client.Form(), from(home)).Status)
			assert.Equal(t, http.StatusCreated, w.PostToken(client.Form(), from(attacker)).Status, "also behind the attacker's own address")
		})
		t.Run("by the address that guesses", func(t *testing.T) {
			for range 2 { // three were guessed above
				refused(t, w.PostToken(wrong(uuid.NewString(), "guess"), from(attacker)), "invalid_client")
			}
			tooMany(t, w.PostToken(wrong(uuid.NewString(), "guess"), from(attacker)))
			tooMany(t, w.PostToken(wrong("no id at all", "guess"), from(attacker)))
			assert.Equal(t, http.StatusCreated, w.PostToken(client.Form(), from(attacker)).Status)
			refused(t, w.PostToken(wrong(uuid.NewString(), "guess"), from(home)), "invalid_client")
		})
		assert.EqualValues(t, 4, counters(t, w)["caddy_dcr_guesses_refused_total"])
	})
}

// Whoever is no trusted proxy cannot say from where it calls.
func TestAGuesserCannotMakeUpAddresses(t *testing.T) {
	w := newWorld(t, "", settings{options: "guesses {\n\t\t\tper_client off\n\t\t\tper_address 1/h burst 5\n\t\t}\n"})
	for n := range 5 {
		refused(t, w.PostToken(wrong(uuid.NewString(), "guess"), fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", n)), "invalid_client")
	}
	tooMany(t, w.PostToken(wrong(uuid.NewString(), "guess"), "X-Forwarded-For: 192.0.2.200"))
}

func TestGuessesAreLimitedByDefaultAndAReloadForgivesNone(t *testing.T) {
	w := newWorld(t, "", settings{})
	victim := uuid.NewString()
	// One more is allowed every six seconds, which a slow machine may take.
	guess := func() (refused int) {
		for w.PostToken(wrong(victim, "guess")).Status == http.StatusBadRequest {
			refused++
		}
		return refused
	}
	assert.GreaterOrEqual(t, guess(), 20)
	config, err := os.ReadFile(w.Caddyfile())
	require.NoError(t, err)
	w.Configure(harness.Config{Caddyfile: strings.Replace(string(config), "allow_http", "allow_http\n\t\tstaleness 4m", 1)})
	reloaded := w.Reload()
	require.Zero(t, reloaded.Status, reloaded.Stderr)
	harness.Reconnect()
	assert.Less(t, guess(), 20)
}
