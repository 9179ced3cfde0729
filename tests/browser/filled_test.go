package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/browser/tab"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// fields are what a form sends.
type fields = map[string]string

// fill makes the house one in which people have worked for a while: the
// operator's tab sends the console's forms. It answers the
// application that there is most to see of, and the trace of a refusal.
func fill(t *testing.T, h *house, p *tab.Tab) (application, trace string) {
	t.Helper()
	post(p, "/programmers/new", fields{"id": "REF", "name": "Reference Media", "new_scheme": "yes"})
	post(p, "/programmers/new", fields{"id": "NLT", "name": "Northern Lights Television"})
	for _, c := range [][4]string{
		{"REF", "REF30", "Reference 30", "reference.example"}, {"REF", "REFNEWS", "Reference News", "news.reference.example\nreferencenews.example"},
		{"REF", "REFKIDS", "Reference Kids", "kids.reference.example"}, {"NLT", "NLT1", "Northern Lights One", "northernlights.example"},
	} {
		post(p, "/channels/new", fields{"programmer": c[0], "id": c[1], "name": c[2], "domains": c[3]})
	}
	post(p, "/proxy-mvpds/new", fields{"id": "ACME", "name": "Acme Cable, for its small ones"})
	post(p, "/catalogue/scopes/new", fields{"name": "reference:highlights", "description": "clips of the day"})
	app := func(programmer, name, version string, more fields) string {
		made := fields{"programmer": programmer, "name": name, "version": version, "level": "programmer", "all_channels": "yes", "scopes": "api:client:v2"}
		for field, value := range more {
			made[field] = value
		}
		return last(post(p, "/applications/new", made))
	}
	tv := app("REF", "Reference TV for iOS", "4.2", fields{"new_scheme": "yes"})
	web := app("REF", "Reference on the web", "2026.11", fields{"domains": "tv.reference.example"})
	news := app("REF", "Reference News", "1.9", fields{"level": "channel", "all_channels": "", "channels": "REFNEWS"})
	app("NLT", "Northern Lights for televisions", "7", nil)
	reset := app("REF", "Pass desk", "1", fields{"scopes": "temporary:passes:owner"})

	var tokens []harness.Token
	for made, systems := range map[string]string{
		tv: "iOS iOS iOS iOS iOS iOS iOS iOS tvOS tvOS tvOS", web: "Windows Linux Android Android Android Roku Tizen", news: "Android Tizen Tizen webOS",
	} {
		statement := issue(p, made)
		for n, system := range strings.Fields(systems) {
			tokens = append(tokens, h.Token(registerOn(t, h, statement, system, n)))
		}
	}
	issue(p, tv)
	for n := range 40 {
		token := tokens[n%len(tokens)]
		h.Do(http.MethodGet, v2Call, "", token.Bearer())
		switch n % 8 {
		case 0:
			trace = h.Do(http.MethodGet, "/api/v2/NLT1/configuration", "", token.Bearer()).Header.Get("X-DCR-Trace")
		case 1:
			h.Do(http.MethodGet, v2Call, "")
		case 2:
			h.Do(http.MethodGet, v2Call, "", token.Bearer()+"x")
		case 3:
			h.PostToken(url.Values{"grant_type": {"client_credentials"}, "client_id": {"3b241101-e2bb-4255-8caf-4136c566a962"}, "client_secret": {"guess"}})
		}
	}
	post(p, "/kills/new", fields{"kind": "platform", "id": "Roku", "reason": "a release that leaked its credentials"})
	post(p, "/kills/new", fields{"kind": "application", "id": reset, "reason": "nobody uses it any more"})

	set := post(p, "/channels/REF30/edit", fields{"do": "gather", "set": "new", "title": "Reference 30 moves", "name": "Reference Thirty", "domains": "reference.example\nthirty.example",
		"version": versionOf(p, "/channels/REF30/edit")})
	post(p, "/applications/new", fields{"do": "gather", "set": last(set), "from": tv, "programmer": "REF", "name": "Reference TV for iOS", "version": "5.0"})
	pushed := last(post(p, "/channels/REFKIDS/edit", fields{"do": "gather", "set": "new", "title": "A new name for the children", "name": "Little Reference",
		"version": versionOf(p, "/channels/REFKIDS/edit")}))
	post(p, "/changes/"+pushed+"/push", fields{"version": versionOf(p, "/changes/"+pushed)})
	harness.Eventually(t, "for the census", func() bool { return strings.Contains(h.MustDCR("client", "census"), "Tizen") })
	return tv, trace
}

// registerOn registers a client as a device with that system would.
func registerOn(t *testing.T, h *house, statement, system string, n int) harness.Credentials {
	t.Helper()
	about, err := json.Marshal(fields{"model": fmt.Sprint("Model ", n), "version": "1", "osName": system, "osVersion": "9", "connectionType": "WiFi"})
	require.NoError(t, err)
	answer := h.PostRegister(`{"software_statement":"`+statement+`"}`, "X-Device-Info: "+base64.StdEncoding.EncodeToString(about))
	require.Equal(t, http.StatusCreated, answer.Status, answer.Body)
	var credentials harness.Credentials
	require.NoError(t, json.Unmarshal([]byte(answer.Body), &credentials))
	return credentials
}

// post sends a form as the page that it stands on would, and answers where it
// led.
func post(p *tab.Tab, path string, values fields) string {
	sent := fields{"do": "now", "set": "new"}
	for name, value := range values {
		sent[name] = value
	}
	text, _ := json.Marshal(sent)
	return tab.Eval[string](p, `fetch(`+fmt.Sprintf("%q", path)+`, {method: 'POST', body: new URLSearchParams({...`+string(text)+`, key: crypto.randomUUID()})}).then(async answer => {
		if (!answer.ok || !answer.redirected) throw new Error(answer.url + ' ' + answer.status + ' ' + new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main').textContent.replace(/\s+/g, ' ').slice(0, 1500));
		return answer.url;
	})`)
}

// issue downloads a statement.
func issue(p *tab.Tab, application string) string {
	return tab.Eval[string](p, `fetch('/applications/`+application+`/statements', {method: 'POST', body: new URLSearchParams({as: 'file', key: crypto.randomUUID()})}).then(answer => answer.text())`)
}

// versionOf reads the version that the form on a page would send.
func versionOf(p *tab.Tab, path string) string {
	return tab.Eval[string](p, `fetch(`+fmt.Sprintf("%q", path)+`).then(answer => answer.text()).then(text =>
		new DOMParser().parseFromString(text, 'text/html').querySelector('input[name=version]').value)`)
}

// last is the last part of an address's path.
func last(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address[strings.LastIndex(address, "/")+1:]
}
