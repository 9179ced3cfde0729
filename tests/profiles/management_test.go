package profiles

import "testing"

func TestResetTempPass(t *testing.T) {
	owner := []string{"temporary:passes:owner"}
	check(t, load(t, "temp_pass"), map[string]request{
		"a reset for one device": {
			line: "DELETE /reset-tempass/v3/reset?device_id=d1&requestor_id=REF30&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, named: []string{"channel REF30"}},
		},
		"a reset for every device needs no device": {
			line: "DELETE /reset-tempass/v3/reset?requestor_id=REF30&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, named: []string{"channel REF30"}},
		},
		"a reset by key": {
			line: "DELETE /reset-tempass/v3/reset/generic?key=f7ee&requestor_id=REF30&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset/generic", scopes: owner, named: []string{"channel REF30"}},
		},
		"without a channel": {
			line: "DELETE /reset-tempass/v3/reset?mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, missing: "requestor_id"},
		},
		"with an empty channel": {
			line: "DELETE /reset-tempass/v3/reset?requestor_id=&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, missing: "requestor_id"},
		},
		"without a TempPass": {
			line: "DELETE /reset-tempass/v3/reset?requestor_id=REF30",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, named: []string{"channel REF30"}, missing: "mvpd_id"},
		},
		"by key without a key": {
			line: "DELETE /reset-tempass/v3/reset/generic?requestor_id=REF30&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset/generic", scopes: owner, named: []string{"channel REF30"}},
		},
		"two channels are both checked, whatever the case of the name": {
			line: "DELETE /reset-tempass/v3/reset?requestor_id=REF30&Requestor_ID=CNN&mvpd_id=TempPassREF",
			want: want{route: "/reset-tempass/v3/reset", scopes: owner, named: []string{"channel REF30", "channel CNN"}},
		},
		"GET":                              {line: "GET /reset-tempass/v3/reset?requestor_id=REF30&mvpd_id=M", want: want{allow: "DELETE"}},
		"POST":                             {line: "POST /reset-tempass/v3/reset/generic", want: want{allow: "DELETE"}},
		"another version":                  {line: "DELETE /reset-tempass/v2/reset"},
		"the path as it ought to be spelt": {line: "DELETE /reset-temppass/v3/reset"},
		"something below":                  {line: "DELETE /reset-tempass/v3/reset/other"},
	})
}

func TestDegradation(t *testing.T) {
	owner, reader := []string{"decisions:owner"}, []string{"decisions:owner", "decisions:client"}
	const base = "/control/v3/degradation/"
	check(t, load(t, "degradation"), map[string]request{
		"the view of all rules": {
			line: "GET " + base + "Demo/all?programmer=REF30&mvpd=Cablevision&format=json",
			want: want{route: base + "{programmer}/all", scopes: reader, named: []string{"programmer Demo", "channel REF30"}},
		},
		"the channel may be left out": {
			line: "GET " + base + "Demo/all",
			want: want{route: base + "{programmer}/all", scopes: reader, named: []string{"programmer Demo"}},
		},
		"reading rules": {
			line: "GET " + base + "Demo/authnAll?programmer=REF30",
			want: want{route: base + "{programmer}/authnAll", scopes: reader, named: []string{"programmer Demo", "channel REF30"}},
		},
		"setting a rule is for owners": {
			line: "POST " + base + "Demo/authnAll?programmer=REF30&mvpd=Cablevision&ttl=600&msg=match",
			want: want{route: base + "{programmer}/authnAll", scopes: owner, named: []string{"programmer Demo", "channel REF30"}},
		},
		"a rule for every channel": {
			line: "POST " + base + "Demo/authnAll?mvpd=Cablevision",
			want: want{route: base + "{programmer}/authnAll", scopes: owner, named: []string{"programmer Demo", "no channel"}},
		},
		"removing the rules of every channel": {
			line: "DELETE " + base + "Demo/authzNone?programmer=",
			want: want{route: base + "{programmer}/authzNone", scopes: owner, named: []string{"programmer Demo", "no channel"}},
		},
		"removing a rule is for owners": {
			line: "DELETE " + base + "Demo/authzAll?programmer=REF30",
			want: want{route: base + "{programmer}/authzAll", scopes: owner, named: []string{"programmer Demo", "channel REF30"}},
		},
		"nobody at all": {
			line: "POST " + base + "Demo/authzNone?programmer=REF30&resource=r&channel=c",
			want: want{route: base + "{programmer}/authzNone", scopes: owner, named: []string{"programmer Demo", "channel REF30"}},
		},
		"every channel that is named counts": {
			line: "POST " + base + "Demo/authzNone?programmer=REF30&programmer=CNN",
			want: want{route: base + "{programmer}/authzNone", scopes: owner, named: []string{"programmer Demo", "channel REF30", "channel CNN"}},
		},
		"all cannot be written":     {line: "POST " + base + "Demo/all", want: want{allow: "GET"}},
		"all cannot be deleted":     {line: "DELETE " + base + "Demo/all", want: want{allow: "GET"}},
		"PUT":                       {line: "PUT " + base + "Demo/authnAll", want: want{allow: "DELETE, GET, POST"}},
		"a rule set that is not":    {line: "GET " + base + "Demo/authnNone"},
		"another case":              {line: "GET " + base + "Demo/AuthNAll"},
		"without a programmer":      {line: "GET /control/v3/degradation/all"},
		"another version":           {line: "GET /control/v2/degradation/Demo/all"},
		"a programmer with a slash": {line: "GET " + base + "Demo%2Fall/all", want: want{ambiguous: true}},
	})
}

func TestProxyMVPD(t *testing.T) {
	owner := []string{"mvpd:proxies:owner"}
	const route = "/control/v3/mvpd-proxies/{proxy-mvpd}/mvpds"
	check(t, load(t, "proxy_mvpd"), map[string]request{
		"the list": {
			line: "GET /control/v3/mvpd-proxies/ProxyMVPD_Demo/mvpds",
			want: want{route: route, scopes: owner, named: []string{"proxy_mvpd ProxyMVPD_Demo"}},
		},
		"a new list": {
			line: "POST /control/v3/mvpd-proxies/ProxyMVPD_Demo/mvpds", form: "proxied-mvpds=%3Cmvpds%2F%3E",
			want: want{route: route, scopes: owner, named: []string{"proxy_mvpd ProxyMVPD_Demo"}},
		},
		"PUT":             {line: "PUT /control/v3/mvpd-proxies/ProxyMVPD_Demo/mvpds", want: want{allow: "GET, POST"}},
		"DELETE":          {line: "DELETE /control/v3/mvpd-proxies/ProxyMVPD_Demo/mvpds", want: want{allow: "GET, POST"}},
		"one of the list": {line: "GET /control/v3/mvpd-proxies/ProxyMVPD_Demo/mvpds/one"},
		"the proxy alone": {line: "GET /control/v3/mvpd-proxies/ProxyMVPD_Demo"},
	})
}

func TestESM(t *testing.T) {
	client := []string{"analytics:client"}
	const route = "/esm/v3/{path...}"
	check(t, load(t, "esm"), map[string]request{
		"the root": {
			line: "GET /esm/v3?requestor-id=REF30",
			want: want{route: "/esm/v3", scopes: client, named: []string{"channel REF30"}},
		},
		"a report": {
			line: "GET /esm/v3/media-company/year/month/day.csv?requestor-id=REF30&start=2026-01&access_token=x",
			want: want{route: route, scopes: client, named: []string{"channel REF30"}},
		},
		"a report about several channels": {
			line: "GET /esm/v3/year?requestor-id=REF30&Requestor-Id=CNN",
			want: want{route: route, scopes: client, named: []string{"channel REF30", "channel CNN"}},
		},
		"a report that names none": {
			line: "GET /esm/v3/year",
			want: want{route: route, scopes: client, named: []string{"no channel"}},
		},
		"the dimension in the path is no filter": {
			line: "GET /esm/v3/year/month/requestor-id",
			want: want{route: route, scopes: client, named: []string{"no channel"}},
		},
		"a list with a comma is one name": {
			line: "GET /esm/v3/year?requestor-id=REF30,CNN",
			want: want{route: route, scopes: client, named: []string{"channel REF30,CNN"}},
		},
		"a wildcard is a name": {
			line: "GET /esm/v3/year?requestor-id=*",
			want: want{route: route, scopes: client, named: []string{"channel *"}},
		},
		"all but one is every channel": {
			line: "GET /esm/v3/year?requestor-id!=REF30",
			want: want{route: route, scopes: client, named: []string{"no channel", "channel *"}},
		},
		"one, and all but another": {
			line: "GET /esm/v3/year?requestor-id=REF30&requestor-id!=CNN",
			want: want{route: route, scopes: client, named: []string{"channel REF30", "channel *"}},
		},
		"a media company is named as well": {
			line: "GET /esm/v3/year?requestor-id=REF30&media-company=Demo",
			want: want{route: route, scopes: client, named: []string{"channel REF30", "programmer Demo"}},
		},
		"POST":             {line: "POST /esm/v3/year", want: want{allow: "GET"}},
		"POST to the root": {line: "POST /esm/v3", want: want{allow: "GET"}},
		"another version":  {line: "GET /esm/v2/year"},
		"two filters that servers split differently": {
			line: "GET /esm/v3/year?requestor-id=REF30;requestor-id=CNN", want: want{ambiguous: true},
		},
	})
	check(t, load(t, "esm", "channel_optional"), map[string]request{
		"a report that names none, where that is the backend's to judge": {
			line: "GET /esm/v3/year", want: want{route: route, scopes: client},
		},
		"all but one, where that is the backend's to judge": {
			line: "GET /esm/v3/year?requestor-id!=REF30", want: want{route: route, scopes: client},
		},
		"a channel that is named is checked all the same": {
			line: "GET /esm/v3/year?requestor-id=CNN", want: want{route: route, scopes: client, named: []string{"channel CNN"}},
		},
	})
}
