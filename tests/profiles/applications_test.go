package profiles

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRESTV2(t *testing.T) {
	client, channel := []string{"api:client:v2"}, []string{"channel REF30"}
	const base = "/api/v2/{serviceProvider}"
	to := func(route string) want { return want{route: base + route, scopes: client, named: channel} }
	check(t, load(t, "rest_v2"), map[string]request{
		"configuration":         {line: "GET /api/v2/REF30/configuration", want: to("/configuration")},
		"create a session":      {line: "POST /api/v2/REF30/sessions", form: "mvpd=Cablevision", want: to("/sessions")},
		"resume a session":      {line: "POST /api/v2/REF30/sessions/8ER640M", want: to("/sessions/{code}")},
		"retrieve a session":    {line: "GET /api/v2/REF30/sessions/8ER640M", want: to("/sessions/{code}")},
		"profiles":              {line: "GET /api/v2/REF30/profiles", want: to("/profiles")},
		"a profile by mvpd":     {line: "GET /api/v2/REF30/profiles/Cablevision", want: to("/profiles/{mvpd}")},
		"a profile by code":     {line: "GET /api/v2/REF30/profiles/code/8ER640M", want: to("/profiles/code/{code}")},
		"preauthorize":          {line: "POST /api/v2/REF30/decisions/preauthorize/Cablevision", want: to("/decisions/preauthorize/{mvpd}")},
		"authorize":             {line: "POST /api/v2/REF30/decisions/authorize/Cablevision", want: to("/decisions/authorize/{mvpd}")},
		"a partner's request":   {line: "POST /api/v2/REF30/sessions/sso/Apple", want: to("/sessions/sso/{partner}")},
		"a partner's profile":   {line: "POST /api/v2/REF30/profiles/sso/Apple", form: "SAMLResponse=PHNhbWw", want: to("/profiles/sso/{partner}")},
		"logout":                {line: "GET /api/v2/REF30/logout/Cablevision?redirectUrl=https%3A%2F%2Fexample.com", want: to("/logout/{mvpd}")},
		"an escaped letter":     {line: "GET /api/v2/%52EF30/configuration", want: want{ambiguous: true}},
		"a parent segment":      {line: "GET /api/v2/authenticate/../REF30/configuration", want: want{ambiguous: true}},
		"a matrix parameter":    {line: "GET /api/v2/REF30/profiles;code=1", want: want{ambiguous: true}},
		"PUT":                   {line: "PUT /api/v2/REF30/sessions/8ER640M", want: want{allow: "GET, POST"}},
		"reading a decision":    {line: "GET /api/v2/REF30/decisions/authorize/Cablevision", want: want{allow: "POST"}},
		"nothing but a channel": {line: "GET /api/v2/REF30"},
		"no operation of it":    {line: "GET /api/v2/REF30/tokens"},
		"logout without where to": {
			line: "GET /api/v2/REF30/logout/Cablevision",
			want: want{route: base + "/logout/{mvpd}", scopes: client, named: channel, missing: "redirectUrl", code: "invalid_parameter_redirect_url"},
		},
		"the navigation is open": {
			line: "GET /api/v2/authenticate/REF30/8ER640M",
			want: want{route: "/api/v2/authenticate/{serviceProvider}/{code}", open: true, named: channel},
		},
		"the navigation is for reading": {line: "POST /api/v2/authenticate/REF30/8ER640M", want: want{allow: "GET"}},
		"no operation hides under the navigation": {
			// Were authenticate taken for a channel, this would be a session of it.
			line: "GET /api/v2/authenticate/sessions/8ER640M",
		},
		"a longer operation does not hide there either": {line: "GET /api/v2/authenticate/profiles/code/8ER640M"},
		"the navigation in another case is nothing":     {line: "GET /api/v2/Authenticate/REF30/8ER640M"},
	})
}

func TestRESTV1(t *testing.T) {
	client, channel := []string{"api:client:v1"}, []string{"channel REF30"}
	to := func(route string) want { return want{route: route, scopes: client, named: channel} }
	open := func(route string) want { return want{route: route, open: true, named: channel} }
	const asked = "?requestor=REF30&deviceId=d1&resource=REF30"
	check(t, load(t, "rest_v1"), map[string]request{
		"a registration code":          {line: "POST /reggie/v1/REF30/regcode", form: "deviceId=d1", want: to("/reggie/v1/{requestor}/regcode")},
		"a registration code as XML":   {line: "POST /reggie/v1/REF30/regcode.xml", want: to("/reggie/v1/{requestor}/regcode.xml")},
		"a registration record":        {line: "GET /reggie/v1/REF30/regcode/TJJCFK?format=xml", want: to("/reggie/v1/{requestor}/regcode/{code}")},
		"a record as JSON":             {line: "GET /reggie/v1/REF30/regcode/TJJCFK.json", want: to("/reggie/v1/{requestor}/regcode/{code}")},
		"deleting a record":            {line: "DELETE /reggie/v1/REF30/regcode/TJJCFK", want: to("/reggie/v1/{requestor}/regcode/{code}")},
		"is the device authenticated":  {line: "GET /api/v1/checkauthn" + asked, want: to("/api/v1/checkauthn")},
		"authorize":                    {line: "GET /api/v1/authorize" + asked, want: to("/api/v1/authorize")},
		"authorize as JSON":            {line: "GET /api/v1/authorize.json" + asked, want: to("/api/v1/authorize.json")},
		"preauthorize":                 {line: "GET /api/v1/preauthorize" + asked, want: to("/api/v1/preauthorize")},
		"a media token":                {line: "GET /api/v1/mediatoken" + asked, want: to("/api/v1/mediatoken")},
		"a media token, its other way": {line: "GET /api/v1/tokens/media" + asked, want: to("/api/v1/tokens/media")},
		"an authentication token":      {line: "GET /api/v1/tokens/authn" + asked, want: to("/api/v1/tokens/authn")},
		"an authorization token":       {line: "GET /api/v1/tokens/authz" + asked, want: to("/api/v1/tokens/authz")},
		"user metadata":                {line: "GET /api/v1/tokens/usermetadata.xml" + asked, want: to("/api/v1/tokens/usermetadata.xml")},
		"a platform's profile request": {line: "GET /api/v1/REF30/profile-requests/Cablevision?deviceType=tvOS", want: to("/api/v1/{requestor}/profile-requests/{mvpd}")},
		"logout":                       {line: "DELETE /api/v1/logout" + asked, want: to("/api/v1/logout")},
		"logout of every channel":      {line: "DELETE /api/v1/logout?deviceId=d1", want: want{route: "/api/v1/logout", scopes: client}},
		"exchanging a platform's token, in a form": {
			line: "POST /api/v1/tokens/authn", form: "requestor=REF30&SAMLResponse=PHNhbWw", want: to("/api/v1/tokens/authn"),
		},
		"exchanging a platform's token, in the query": {line: "POST /api/v1/tokens/authn?requestor=REF30", want: to("/api/v1/tokens/authn")},
		"exchanging a platform's token for nobody": {
			line: "POST /api/v1/tokens/authn", form: "SAMLResponse=PHNhbWw",
			want: want{route: "/api/v1/tokens/authn", scopes: client, missing: "requestor"},
		},
		"one channel in the query and another in the form": {
			line: "POST /api/v1/authenticate/freepreview?requestor_id=REF30", form: "requestor_id=CNN&mso_id=TempPass",
			want: want{route: "/api/v1/authenticate/freepreview", scopes: client, named: []string{"channel REF30", "channel CNN"}},
		},
		"one channel in the path and another in the query": {
			line: "POST /reggie/v1/REF30/regcode?requestor=CNN",
			want: want{route: "/reggie/v1/{requestor}/regcode", scopes: client, named: []string{"channel REF30", "channel CNN"}},
		},
		"authorize without a channel": {
			line: "GET /api/v1/authorize?resource=r", want: want{route: "/api/v1/authorize", scopes: client, missing: "requestor"},
		},
		"authorize without a resource": {
			line: "GET /api/v1/authorize?requestor=REF30",
			want: want{route: "/api/v1/authorize", scopes: client, named: channel, missing: "resource"},
		},

		"the login page sends the browser on": {
			line: "GET /api/v1/authenticate?requestor_id=REF30&mso_id=Cablevision&reg_code=RO0885W&redirect_url=https%3A%2F%2Fexample.com",
			want: open("/api/v1/authenticate"),
		},
		"the login page asks whether it worked": {line: "GET /api/v1/checkauthn/RO0885W?requestor=REF30", want: open("/api/v1/checkauthn/{code}")},
		"the login page asks what there is":     {line: "GET /api/v1/preauthorize/RO0885W.json?requestor=REF30&resource=r", want: open("/api/v1/preauthorize/{code}")},
		"the login page lists providers":        {line: "GET /api/v1/config/REF30.json", want: want{route: "/api/v1/config/{requestor}", open: true, named: []string{"channel REF30"}}},

		"posting to the login":                  {line: "POST /api/v1/authenticate", want: want{allow: "GET"}},
		"logout by GET":                         {line: "GET /api/v1/logout" + asked, want: want{allow: "DELETE"}},
		"listing registration codes":            {line: "GET /reggie/v1/REF30/regcode", want: want{allow: "POST"}},
		"the code's slash without a code":       {line: "GET /api/v1/checkauthn/?requestor=REF30"},
		"a format that there is not":            {line: "GET /api/v1/authorize.csv" + asked},
		"an operation that is not documented":   {line: "GET /api/v1/identities"},
		"a protected operation in another case": {line: "GET /api/v1/CheckAuthn" + asked},
		"a config below the config":             {line: "GET /api/v1/config/REF30/secrets"},
	})
}

func TestSDK(t *testing.T) {
	client, channel := []string{"api:client:sdk"}, []string{"channel REF30"}
	const base = "/adobe-services"
	to := func(route string) want { return want{route: base + route, scopes: client, named: channel} }
	both := []string{"channel REF30", "channel CNN"}
	check(t, load(t, "sdk"), map[string]request{
		"a device":                    {line: "POST /indiv/devices", want: want{route: "/indiv/devices", open: true}},
		"config by query":             {line: "GET /adobe-services/config?access_token=x&requestor_id=REF30", want: to("/config")},
		"config by path":              {line: "GET /adobe-services/config/REF30", want: to("/config/{requestor}")},
		"config by form":              {line: "POST /adobe-services/config", form: "requestor_id=REF30", want: to("/config")},
		"session":                     {line: "POST /adobe-services/session", form: "_method=GET&requestor_id=REF30&reg_code=c", want: to("/session")},
		"session of a device":         {line: "POST /adobe-services/sessionDevice?device_id=d", form: "requestor_id=REF30", want: to("/sessionDevice")},
		"authorize":                   {line: "POST /adobe-services/authorize", form: "resource_id=r&requestor_id=REF30&mso_id=m", want: to("/authorize")},
		"shortAuthorize":              {line: "POST /adobe-services/shortAuthorize", form: "authz_token=t&requestor_id=REF30", want: to("/shortAuthorize")},
		"preauthorize":                {line: "GET /adobe-services/preauthorize?requestor_id=REF30", want: to("/preauthorize")},
		"logout":                      {line: "GET /adobe-services/logout?mso_id=m&requestor_id=REF30&redirect_url=https%3A%2F%2Fexample.com", want: to("/logout")},
		"logout by form":              {line: "POST /adobe-services/logout", form: "requestor_id=REF30", want: to("/logout")},
		"authenticate without a code": {line: "GET /adobe-services/authenticate/saml?requestor_id=REF30", want: to("/authenticate/{flow...}")},
		"authenticate alone":          {line: "GET /adobe-services/authenticate?requestor_id=REF30", want: to("/authenticate")},
		"authenticate by form":        {line: "POST /adobe-services/authenticate/saml", form: "requestor_id=REF30&reg_code=c", want: to("/authenticate/{flow...}")},
		"a code opens no form":        {line: "POST /adobe-services/authenticate?requestor_id=REF30&reg_code=c", want: to("/authenticate")},
		"an empty code opens nothing": {line: "GET /adobe-services/authenticate/saml?requestor_id=REF30&reg_code=", want: to("/authenticate/{flow...}")},
		"a code opens nothing else":   {line: "GET /adobe-services/session?requestor_id=REF30&reg_code=c", want: to("/session")},
		"a navigation with a code": {
			line: "GET /adobe-services/authenticate/saml?requestor_id=REF30&reg_code=RO0885W",
			want: want{route: base + "/authenticate/{flow...}", scopes: client, open: true, named: channel},
		},
		"a navigation with a code and no flow": {
			line: "GET /adobe-services/authenticate?requestor_id=REF30&reg_code=RO0885W",
			want: want{route: base + "/authenticate", scopes: client, open: true, named: channel},
		},
		"one channel in the query and another in the form": {
			line: "POST /adobe-services/authorize?requestor_id=REF30", form: "requestor_id=CNN",
			want: want{route: base + "/authorize", scopes: client, named: both},
		},
		"one channel in the path and another in the query": {
			line: "GET /adobe-services/config/REF30?requestor_id=CNN",
			want: want{route: base + "/config/{requestor}", scopes: client, named: both},
		},
		"a request that names no channel": {
			line: "GET /adobe-services/session", want: want{route: base + "/session", scopes: client},
		},
		"listing devices":          {line: "GET /indiv/devices", want: want{allow: "POST"}},
		"deleting a session":       {line: "DELETE /adobe-services/session", want: want{allow: "GET, POST"}},
		"a service without a name": {line: "GET /adobe-services/"},
		"an old version":           {line: "GET /adobe-services/1.0/session"},
		"another case":             {line: "POST /adobe-services/shortauthorize", form: "requestor_id=REF30"},
	})
}

func TestOnlyNavigationsOfTheSDKAreRedirected(t *testing.T) {
	var redirected []string
	for _, name := range names {
		for _, route := range load(t, name).API().Routes {
			if route.Redirect != "" {
				assert.Equal(t, []string{http.MethodGet}, route.Methods, route.Path)
				redirected = append(redirected, route.Path+" to "+route.Redirect)
			}
		}
	}
	assert.Equal(t, []string{
		"/adobe-services/authenticate to redirect_url",
		"/adobe-services/authenticate/{flow...} to redirect_url",
		"/adobe-services/logout to redirect_url",
	}, redirected)
}
