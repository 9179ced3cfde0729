package kills

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// party is one installed copy of an app, with its tokens.
type party struct {
	statement string
	// userAgent tells the platform; empty is one that is not recognised.
	userAgent string
	channel   string
	client    harness.Credentials
	// known is a token that every gateway has let through, fresh is one for
	// each gateway that none has seen.
	known harness.Token
	fresh []harness.Token
}

// admit registers a party and makes its token known.
func (w *world) admit(t *testing.T, statement, userAgent, channel string) *party {
	t.Helper()
	p := &party{statement: statement, userAgent: userAgent, channel: channel}
	answer := p.register(w.first())
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &p.client))
	p.equip(t, w)
	return p
}

// equip gets the party's tokens and makes the one known.
func (p *party) equip(t *testing.T, w *world) {
	t.Helper()
	p.known, p.fresh = w.first().Token(p.client), nil
	for i, g := range w.gateways {
		p.fresh = append(p.fresh, w.first().Token(p.client))
		for _, c := range checks[:3] { // the known token's
			passes.check(t, c.style, c.send(g, i, p))
		}
	}
}

// of is the same copy of the app, calling about another channel.
func (p *party) of(t *testing.T, w *world, channel string) *party {
	t.Helper()
	other := *p
	other.channel = channel
	other.equip(t, w)
	return &other
}

func (p *party) register(g *harness.Gateway) harness.Answer {
	return g.PostRegister(fmt.Sprintf(`{"software_statement":%q}`, p.statement), "User-Agent: "+p.userAgent)
}

func (p *party) callTempPass(g *harness.Gateway, token harness.Token) harness.Answer {
	return g.Do(http.MethodDelete, "/reset-tempass/v3/reset?mvpd_id=T&requestor_id="+p.channel, "", token.Bearer())
}

func (p *party) callV2(g *harness.Gateway, token harness.Token) harness.Answer {
	return g.Do(http.MethodGet, "/api/v2/"+p.channel+"/configuration", "", token.Bearer())
}

// style is how a refusal looks.
type style int

const (
	oauth    style = iota // the management APIs, and the issuer about tokens
	enhanced              // REST API V2
)

// fate is what becomes of a call with a token, in both styles.
type fate struct {
	oauthStatus    int
	oauthCode      string
	enhancedStatus int
	enhancedCode   string
}

var (
	passes      = fate{oauthStatus: 200, enhancedStatus: 200}
	tokenDead   = fate{401, "access_denied", 401, "invalid_access_token"}
	clientDead  = fate{403, "invalid_client", 401, "invalid_access_token_client_application"}
	channelDead = fate{403, "access_denied", 401, "invalid_access_token_service_provider"}
)

func (f fate) check(t *testing.T, s style, answer harness.Answer) {
	t.Helper()
	status, code, member := f.oauthStatus, f.oauthCode, "error"
	if s == enhanced {
		status, code, member = f.enhancedStatus, f.enhancedCode, "code"
	}
	assert.Equal(t, status, answer.Status, answer.Body)
	if code == "" {
		return
	}
	body := answer.JSON(t)
	assert.Equal(t, code, body[member], answer.Body)
	assert.Regexp(t, "^Bearer", answer.Header.Get("WWW-Authenticate"), "RFC 6750 section 3")
	if s == enhanced {
		assert.EqualValues(t, status, body["status"])
		assert.Equal(t, "application-registration", body["action"])
	}
}

// checks are the ways in which a party uses its tokens, at gateway i.
var checks = []struct {
	name string
	style
	// own is set for what asks about no channel.
	own  bool
	send func(g *harness.Gateway, i int, p *party) harness.Answer
}{
	{"a known token on temp_pass", oauth, false, func(g *harness.Gateway, _ int, p *party) harness.Answer { return p.callTempPass(g, p.known) }},
	{"a known token on rest_v2", enhanced, false, func(g *harness.Gateway, _ int, p *party) harness.Answer { return p.callV2(g, p.known) }},
	{"/o/client/validate", oauth, true, func(g *harness.Gateway, _ int, p *party) harness.Answer {
		return g.Do(http.MethodPost, "/o/client/validate", "", p.known.Bearer())
	}},
	{"a token that the gateway has not seen", enhanced, false, func(g *harness.Gateway, i int, p *party) harness.Answer { return p.callV2(g, p.fresh[i]) }},
}

// expectation is what a kill does to a party.
type expectation struct {
	// calls is what a call gets, own what a token gets that asks about itself.
	calls, own fate
	// token and register are the error codes of the client endpoints; empty is
	// success.
	token, register string
	// later is what calls get with a token that was issued after the kill, to
	// this client or to one that registers anew, where they still can.
	later fate
}

var untouched = expectation{calls: passes, own: passes, later: passes}

// check compares what every gateway says with the expectation.
func (e expectation) check(t *testing.T, w *world, p *party) {
	t.Helper()
	for i, g := range w.gateways {
		t.Run(fmt.Sprintf("at gateway %d", i+1), func(t *testing.T) {
			for _, c := range checks {
				t.Run(c.name, func(t *testing.T) {
					want := e.calls
					if c.own {
						want = e.own
					}
					want.check(t, c.style, c.send(g, i, p))
				})
			}
			t.Run("a new token", func(t *testing.T) { e.checkToken(t, g, p, p.client, e.token) })
			t.Run("a new registration", func(t *testing.T) {
				if answer := p.register(g); e.register != "" {
					refused(t, answer, e.register)
				} else if assert.Equal(t, http.StatusCreated, answer.Status, answer.Body) {
					var anew harness.Credentials
					require.NoError(t, json.Unmarshal([]byte(answer.Body), &anew))
					e.checkToken(t, g, p, anew, "")
				}
			})
		})
	}
}

// checkToken asks for a new token, and calls with it.
func (e expectation) checkToken(t *testing.T, g *harness.Gateway, p *party, client harness.Credentials, code string) {
	t.Helper()
	answer := g.PostToken(client.Form())
	if code != "" {
		refused(t, answer, code)
		return
	}
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	var token harness.Token
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &token))
	e.later.check(t, oauth, p.callTempPass(g, token))
	e.later.check(t, enhanced, p.callV2(g, token))
}

// refused checks an error of a client endpoint.
func refused(t *testing.T, answer harness.Answer, code string) {
	t.Helper()
	assert.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
	assert.Equal(t, code, answer.JSON(t)["error"], answer.Body)
}
