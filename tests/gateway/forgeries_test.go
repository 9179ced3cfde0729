package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spoilt changes the signature of a JWS; its encoding stays right.
func spoilt(raw string) string {
	at := len(raw) - 10
	return raw[:at] + strings.Map(func(r rune) rune {
		if r == 'A' {
			return 'B'
		}
		return 'A'
	}, raw[at:at+6]) + raw[at+6:]
}

func TestForgedTokensAreBudgetedByAddressAndHarmNoKnownOne(t *testing.T) {
	options := "tokens {\n\t\t\talgorithm ES256\n\t\t}\n\t\tforgeries 1/h burst 3\n"
	overStores(t, settings{options: options, global: behindProxy, site: "\tmetrics /metrics\n"}, func(t *testing.T, w *world) {
		_, client, known := w.Enroll(v2App())
		fresh := w.Token(client)
		const attacker, home = "X-Forwarded-For: 192.0.2.66", "X-Forwarded-For: 192.0.2.1"
		call := func(token, from string) (int, string) {
			answer := w.Do(http.MethodGet, v2Call, "", "Authorization: Bearer "+token, from)
			if answer.Status == http.StatusTooManyRequests {
				seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
				require.NoError(t, err)
				assert.Positive(t, seconds)
			}
			return answer.Status, answer.Body
		}
		expect := func(status int, token, from string) {
			t.Helper()
			got, body := call(token, from)
			assert.Equal(t, status, got, body)
		}
		expect(http.StatusOK, known.AccessToken, attacker)
		for range 3 {
			expect(http.StatusUnauthorized, spoilt(known.AccessToken), attacker)
		}
		expect(http.StatusTooManyRequests, spoilt(known.AccessToken), attacker)
		expect(http.StatusTooManyRequests, fresh.AccessToken, attacker)
		expect(http.StatusOK, known.AccessToken, attacker)
		expect(http.StatusUnauthorized, "junk", attacker)
		expect(http.StatusUnauthorized, spoilt(known.AccessToken), home)
		expect(http.StatusOK, fresh.AccessToken, home)
		expect(http.StatusOK, fresh.AccessToken, attacker) // it is known by now

		validate := w.Do(http.MethodPost, "/o/client/validate", "", "Authorization: Bearer "+spoilt(fresh.AccessToken), attacker)
		assert.Equal(t, http.StatusTooManyRequests, validate.Status, validate.Body)

		sums := counters(t, w)
		assert.EqualValues(t, 4, sums["caddy_dcr_forgeries_total"])
		assert.EqualValues(t, 3, sums["caddy_dcr_forgeries_withheld_total"])
	})
}

func TestForgedStatementsAreBudgetedByAddressAndHarmNoKnownOne(t *testing.T) {
	overStores(t, settings{options: "forgeries 1/h burst 3\n", global: behindProxy}, func(t *testing.T, w *world) {
		app := w.CreateApp(v2App())
		known, fresh := w.IssueStatement(app), w.IssueStatement(app)
		const attacker, home = "X-Forwarded-For: 192.0.2.66", "X-Forwarded-For: 192.0.2.1"
		register := func(statement, from string) int {
			return w.PostRegister(`{"software_statement":"`+statement+`"}`, from).Status
		}
		assert.Equal(t, http.StatusCreated, register(known, home))
		for range 3 {
			assert.Equal(t, http.StatusBadRequest, register(spoilt(known), attacker))
		}
		tooMany(t, w.PostRegister(`{"software_statement":"`+spoilt(known)+`"}`, attacker))
		assert.Equal(t, http.StatusTooManyRequests, register(fresh, attacker))
		assert.Equal(t, http.StatusBadRequest, register("junk", attacker))
		assert.Equal(t, http.StatusCreated, register(known, attacker))
		assert.Equal(t, http.StatusCreated, register(fresh, home))
		assert.Equal(t, http.StatusCreated, register(fresh, attacker))
	})
}
