package hardening

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

const redisPassword = "hunter2-of-redis"

// Everything that holds a secret passes through the gateway here, in every
// place where a client or an operator can put it, over every version of HTTP,
// with logs as loud as they get. Afterwards nothing that the gateway wrote may
// hold one.
func TestNothingThatTheGatewayWritesHoldsASecret(t *testing.T) {
	for _, store := range []string{"embedded", "redis"} {
		t.Run(store, func(t *testing.T) {
			s := &secrets{t: t, held: map[string]string{}, traces: collectTraces(t)}
			s.start(store)
			s.clients()
			s.operator()
			s.faults()
			s.settle()
			places := s.places()
			t.Logf("%d secrets, looked for in %d places after\n%s", len(s.held), len(places), strings.Join(s.ran, "\n"))
			for place, text := range places {
				require.NotEmpty(t, text, place)
				for name, secret := range s.held {
					if place == traces && strings.Contains(name, misplaced) {
						continue // Caddy's spans hold paths
					}
					// Not assert.NotContains, whose message would be the whole place.
					if at := strings.Index(text, secret); at >= 0 {
						t.Errorf("%s holds the %s: …%.200s", place, name, text[max(0, at-150):])
					}
				}
			}
		})
	}
}

// misplaced stands in the name of what is written into a path, where no client
// puts a secret.
const misplaced = ", written into a path"

// broken is an API whose backend is not there.
const broken = `
	handle /broken/* {
		dcr_guard {
			route GET /broken/x {
				scope own:use
			}
			query_token access_token
		}
		reverse_proxy 127.0.0.1:1
	}
`

// secrets are what must not be found, and the gateway that was given them.
type secrets struct {
	t      *testing.T
	w      *world
	redis  *redistest.Server
	traces *collector
	held   map[string]string
	// said is what commands have printed, ran what was done.
	said strings.Builder
	ran  []string
	// refusals are the traces of what was refused.
	refusals []string
}

// hold remembers a secret under a name.
func (s *secrets) hold(name, secret string) string {
	s.t.Helper()
	require.Greater(s.t, len(secret), 12, "%s: a text so short could stand anywhere", name)
	s.held[name] = secret
	return secret
}

func (s *secrets) start(store string) {
	s.t.Helper()
	s.t.Setenv("DCR_TEST_KEK", s.hold("key encryption key", kek))
	set := settings{
		global:  "debug\n",
		options: "key_encryption_key {env.DCR_TEST_KEK}\n",
		site:    "\ttracing\n\tmetrics /metrics\n" + broken,
		profile: map[string]string{"sdk": "forward_authorization"},
	}
	if store == "redis" {
		s.t.Setenv("DCR_TEST_REDIS_PASSWORD", s.hold("Redis password", redisPassword))
		s.redis = redistest.Start(s.t, redistest.Options{User: "dcr", Password: redisPassword, Rules: "~dcr:* +@all"})
		set.store = fmt.Sprintf("redis redis://127.0.0.1:%d {\n username dcr\n password {env.DCR_TEST_REDIS_PASSWORD}\n }", s.redis.Port)
	}
	s.w = newWorld(s.t, set)
	assert.NotContains(s.t, s.w.Log(), "in the clear", "the key that encrypts others was taken")
}

// dcr runs a command whose output is looked at.
func (s *secrets) dcr(arguments ...string) harness.Result {
	s.t.Helper()
	result := s.w.DCR(arguments...)
	s.ran = append(s.ran, fmt.Sprintf("caddy dcr %s: %d", strings.Join(arguments[:min(2, len(arguments))], " "), result.Status))
	s.say(result)
	return result
}

// send sends a request over one version of HTTP, and sees to it that it went
// as far as its status says.
func (s *secrets) send(p rawhttp.Protocol, want int, r rawhttp.Request) harness.Answer {
	s.t.Helper()
	answer := s.w.send(s.t, p, r)
	require.Equal(s.t, want, answer.Status, "%s %s over %s: %s", r.Method, r.Target, p.Name, answer.Body)
	path, _, _ := strings.Cut(r.Target, "?")
	s.ran = append(s.ran, fmt.Sprintf("%s %.30s over %s: %d", r.Method, path, p.Name, want))
	if trace := answer.Header.Get("X-Dcr-Trace"); trace != "" && want >= http.StatusMultipleChoices {
		s.refusals = append(s.refusals, trace)
	}
	return answer
}

// clients has clients do right and wrong.
func (s *secrets) clients() {
	t := s.t
	application := s.w.CreateApp(everything())
	statement := s.hold("statement", s.w.IssueStatement(application))
	spare := s.hold("another statement", s.w.IssueStatement(application))
	for _, p := range rawhttp.Protocols {
		name := func(what string) string { return what + " over " + p.Name }
		json := func(body string) rawhttp.Request {
			return rawhttp.Request{Method: http.MethodPost, Target: "/o/client/register", Body: body, Lines: []string{"Content-Type: application/json"}}
		}
		registered := s.send(p, http.StatusCreated, json(`{"software_statement":"`+statement+`"}`)).JSON(t)
		client := harness.Credentials{ClientID: registered["client_id"].(string), ClientSecret: s.hold(name("client secret"), registered["client_secret"].(string))}
		inForm, withBasic := client.Form().Encode(), s.hold(name("Basic"), basic(client.ClientID, client.ClientSecret))

		// Each way to a token, and each place of a secret in it.
		issue := func(how string, r rawhttp.Request) string {
			return s.hold(name("token by "+how), s.send(p, http.StatusCreated, r).JSON(t)["access_token"].(string))
		}
		token := issue("a form", tokenRequest("/o/client/token", inForm))
		inQuery := issue("the query", tokenRequest("/o/client/token?"+inForm, ""))
		issue("Basic", tokenRequest("/o/client/token", "grant_type=client_credentials", "Authorization: Basic "+withBasic))
		inPath := issue("a form"+misplaced, tokenRequest("/o/client/token", inForm))
		issue("the query, escaped", tokenRequest("/o/client/token?"+strings.Replace(inForm, "client_secret", "client%5Fsecret", 1), ""))

		// The same by the RFCs, whose forms hold tokens.
		byRFC := s.send(p, http.StatusCreated, rawhttp.Request{
			Method: http.MethodPost, Target: "/oauth2/register", Body: `{"software_statement":"` + spare + `"}`, Lines: []string{"Content-Type: application/json"},
		}).JSON(t)
		s.hold(name("client secret by the RFCs"), byRFC["client_secret"].(string))
		own := "Authorization: Bearer " + s.hold(name("registration token"), byRFC["registration_access_token"].(string))
		registration := "/oauth2/register/" + byRFC["client_id"].(string)
		byRFCs := s.hold(name("token by the RFCs"), s.send(p, http.StatusOK, tokenRequest("/oauth2/token", inForm)).JSON(t)["access_token"].(string))
		s.send(p, http.StatusBadRequest, tokenRequest("/oauth2/token?"+inForm, ""))
		s.send(p, http.StatusOK, tokenRequest("/oauth2/introspect", inForm+"&token="+byRFCs))
		s.send(p, http.StatusOK, tokenRequest("/oauth2/introspect", "token="+byRFCs, "Authorization: Basic "+withBasic))
		s.send(p, http.StatusBadRequest, tokenRequest("/oauth2/introspect?token="+byRFCs, inForm))
		s.send(p, http.StatusOK, tokenRequest("/oauth2/revoke", inForm+"&token="+byRFCs))
		s.send(p, http.StatusBadRequest, tokenRequest("/oauth2/revoke?token="+byRFCs, inForm))
		assertion := s.hold(name("assertion"), token[:len(token)-8]+"BBBBBBBB")
		const jwtBearer = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="
		s.send(p, http.StatusBadRequest, tokenRequest("/oauth2/token", jwtBearer+assertion))
		s.send(p, http.StatusBadRequest, tokenRequest("/oauth2/token?"+jwtBearer+assertion, ""))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token?"+jwtBearer+assertion, ""))
		s.send(p, http.StatusOK, rawhttp.Request{Method: http.MethodGet, Target: registration, Lines: []string{own}})
		s.send(p, http.StatusUnauthorized, rawhttp.Request{Method: http.MethodGet, Target: registration, Lines: []string{own + "A"}})
		s.send(p, http.StatusNoContent, rawhttp.Request{Method: http.MethodDelete, Target: registration, Lines: []string{own}})

		// Wrong secrets are secrets of somebody else, or nearly right ones.
		wrong := s.hold(name("wrong secret"), "dcrs_wrong-"+client.ClientSecret[5:30])
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client.ClientID}, "client_secret": {wrong}}
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token", form.Encode()))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token?"+form.Encode(), ""))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token", "grant_type=client_credentials", "Authorization: Basic "+s.hold(name("wrong Basic"), basic(client.ClientID, wrong))))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token?"+inForm, inForm))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token", inForm, "Authorization: Basic "+withBasic))
		s.send(p, http.StatusMethodNotAllowed, rawhttp.Request{Method: http.MethodGet, Target: "/o/client/token?" + inForm})

		// Registrations that are refused, with a statement in every place.
		s.send(p, http.StatusBadRequest, json(`{"software_statement":"`+s.hold(name("forged statement"), spare[:len(spare)-8]+"AAAAAAAA")+`"}`))
		s.send(p, http.StatusBadRequest, json(`{"software_statement":"`+spare+`","software_statement":"x"}`))
		s.send(p, http.StatusBadRequest, json(`{"`+spare+`":1,"`+spare+`":2}`))
		s.send(p, http.StatusBadRequest, json(spare))
		s.send(p, http.StatusBadRequest, json(`{"software_statement":"`+spare+`","redirect_uri":"https://evil.example/?client_secret=`+wrong+`"}`))
		s.send(p, http.StatusBadRequest, rawhttp.Request{Method: http.MethodPost, Target: "/o/client/register?software_statement=" + spare})

		// Calls, right and wrong.
		bearer := "Authorization: Bearer " + token
		get := func(target string, lines ...string) rawhttp.Request {
			return rawhttp.Request{Method: http.MethodGet, Target: target, Lines: lines}
		}
		forged := s.hold(name("forged token"), token[:len(token)-8]+"AAAAAAAA")
		s.send(p, http.StatusOK, get(v2Call, bearer))
		s.send(p, http.StatusOK, get(esmCall+"&access_token="+inQuery))
		s.send(p, http.StatusOK, get(sdkCall+"&access_token="+inQuery))
		s.send(p, http.StatusOK, get(sdkCall, bearer))
		s.send(p, http.StatusBadRequest, get(esmCall+"&access_token="+inQuery, bearer))
		s.send(p, http.StatusUnauthorized, get(v2Call+"?access_token="+inQuery))
		s.send(p, http.StatusUnauthorized, get(esmCall+"&access_token="+forged))
		s.send(p, http.StatusUnauthorized, get(v2Call, "Authorization: Bearer "+forged))
		s.send(p, http.StatusBadRequest, get(v2Call, bearer, bearer))
		s.send(p, http.StatusForbidden, get("/esm/v3/year?requestor-id=OTHER&access_token="+inQuery))
		s.send(p, http.StatusNotFound, get("/nobody/"+inPath+"?client_secret="+wrong, bearer))
		s.send(p, http.StatusBadRequest, get("/api/v2/"+inPath+";x?access_token="+inQuery, bearer))
		s.send(p, http.StatusOK, get(v2Call, bearer, "Referer: https://"+host+sdkCall+"&access_token="+inQuery, "X-Device-Info: "+wrong, "ApiKey: "+wrong, "Cookie: token="+inQuery))
		s.send(p, http.StatusOK, rawhttp.Request{Method: http.MethodPost, Target: "/o/client/validate", Lines: []string{bearer}})
		s.send(p, http.StatusOK, get("/o/client/scopes?token="+inQuery, bearer))
		s.send(p, http.StatusUnauthorized, get("/adobe-services/logout?requestor_id="+channel+"&signed_requestor_id="+wrong+"&access_token="+forged))

		s.dcr("client", "show", client.ClientID)
		s.dcr("client", "show", client.ClientID, "--json")
		require.Zero(t, s.dcr("revoke", "client", client.ClientID, "--reason", "lost", "--json").Status)
		s.send(p, http.StatusUnauthorized, get(v2Call, bearer))
		s.send(p, http.StatusBadRequest, tokenRequest("/o/client/token", inForm))
	}
}

// operator has the operator do right and wrong.
func (s *secrets) operator() {
	w, t := s.w, s.t
	application := w.CreateApp(everything())
	statement := s.hold("the operator's statement", w.IssueStatement(application))
	for _, command := range [][]string{
		{"app", "list"}, {"app", "list", "--json"}, {"app", "show", application, "--json"}, {"client", "list"}, {"client", "list", "--json"},
		{"statement", "list", application}, {"statement", "list", application, "--json"}, {"routes"}, {"routes", "--json"}, {"kills", "list"}, {"kills", "list", "--json"},
	} {
		require.Zero(t, s.dcr(command...).Status, command)
	}
	for text, status := range map[string]int{statement: 0, statement[:len(statement)-8] + "AAAAAAAA": 1} {
		s.say(w.CaddyWithInput(text, "dcr", "statement", "inspect", "-", "--address", w.Admin))
		result := w.CaddyWithInput(text, "dcr", "statement", "inspect", "-", "--json", "--address", w.Admin)
		require.Equal(t, status, result.Status, result.Stderr)
		s.say(result)
	}
	require.NotEmpty(t, s.refusals)
	for _, trace := range s.refusals {
		s.said.WriteString(fetch(t, "http://"+w.Admin+"/dcr/refusals/"+trace))
	}
	require.Zero(t, s.dcr("explain", s.refusals[0]).Status)
	s.dcr("client", "census") // which may not have been taken yet
	require.NotZero(t, s.dcr("revoke", "statement", "x", "--reason", "r").Status)
	require.Zero(t, s.dcr("app", "revoke", application).Status)
	require.NotZero(t, s.dcr("client", "show", "nobody").Status)

	// A configuration is loaded again, then one that fails, each in every way.
	result := w.Reload()
	require.Zero(t, result.Status)
	s.say(result)
	harness.Reconnect()
	good, err := os.ReadFile(w.Caddyfile())
	require.NoError(t, err)
	for _, breakage := range []struct{ old, new string }{
		{"issuer https://localhost", "issuer ftp://localhost"},
		{"{env.DCR_TEST_KEK}", "{env.DCR_TEST_NOTHING}"},
		{"{env.DCR_TEST_KEK}", "{env.DCR_TEST_WRONG_KEK}"},
		{"{env.DCR_TEST_KEK}", "{env.DCR_TEST_KEK} {env.DCR_TEST_KEK}"},
		{"dcr_issuer", "dcr_issuer {env.DCR_TEST_KEK}"},
	} {
		t.Setenv("DCR_TEST_WRONG_KEK", s.hold("a key of the wrong length", "d3JvbmctbGVuZ3RoLW9mLWEta2V5"))
		bad := strings.Replace(string(good), breakage.old, breakage.new, 1)
		require.NotEqual(t, string(good), bad)
		require.NoError(t, os.WriteFile(w.Caddyfile(), []byte(bad), 0o600))
		result := w.Reload()
		s.ran = append(s.ran, "caddy reload with "+breakage.new)
		require.NotZero(t, result.Status, breakage.new)
		s.say(result)
		s.say(w.Caddy("validate", "--config", w.Caddyfile(), "--adapter", "caddyfile"))
		s.say(w.Caddy("adapt", "--config", w.Caddyfile(), "--adapter", "caddyfile"))
	}
	require.NoError(t, os.WriteFile(w.Caddyfile(), good, 0o600))
	s.say(w.Caddy("validate", "--config", w.Caddyfile(), "--adapter", "caddyfile"))
	adapted := w.Caddy("adapt", "--config", w.Caddyfile(), "--adapter", "caddyfile", "--pretty")
	require.Contains(t, adapted.Stdout, "{env.DCR_TEST_KEK}")
	s.say(adapted)
}

func (s *secrets) say(result harness.Result) {
	fmt.Fprintf(&s.said, "%s%s", result.Stdout, result.Stderr)
}

// faults has what the gateway depends on fail while secrets are on their way.
func (s *secrets) faults() {
	t, w := s.t, s.w
	client := w.Register(w.IssueStatement(w.CreateApp(everything())))
	s.hold("client secret before the faults", client.ClientSecret)
	token := w.Token(client)
	s.hold("token before the faults", token.AccessToken)
	for _, p := range rawhttp.Protocols {
		s.send(p, http.StatusBadGateway, rawhttp.Request{Method: http.MethodGet, Target: "/broken/x?access_token=" + token.AccessToken})
		s.send(p, http.StatusBadGateway, rawhttp.Request{Method: http.MethodGet, Target: "/broken/x", Lines: []string{token.Bearer()}})
	}
	if s.redis == nil {
		return
	}
	s.redis.Kill()
	for _, p := range rawhttp.Protocols {
		s.send(p, http.StatusServiceUnavailable, tokenRequest("/o/client/token", client.Form().Encode()))
		s.send(p, http.StatusServiceUnavailable, tokenRequest("/o/client/token?"+client.Form().Encode(), ""))
	}
	require.NotZero(t, s.dcr("client", "list").Status)
	s.redis.Restart()
	harness.Eventually(t, "for the store to be back", func() bool { return w.DCR("client", "list").Status == 0 })
}

// settle waits until what was sent has been written, and sees that the secrets
// of queries were there before the filter took them out.
func (s *secrets) settle() {
	marks := []string{
		"client_secret=REDACTED", "client%5Fsecret=REDACTED", "access_token=REDACTED", "client_assertion=REDACTED", "software_statement=REDACTED",
		"signed_requestor_id=REDACTED", "/nobody/REDACTED?client_secret=REDACTED", "?token=REDACTED",
	}
	harness.Eventually(s.t, "for the log", func() bool {
		log := s.w.Log()
		return !slices.ContainsFunc(marks, func(mark string) bool {
			return !strings.Contains(log, mark) && !strings.Contains(log, strings.ReplaceAll(mark, "&", `\u0026`))
		})
	})
	harness.Eventually(s.t, "for the traces", func() bool { return strings.Contains(s.traces.Text(), "/nobody/") })
}
