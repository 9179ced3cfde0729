package conformance

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func TestRFC6749Section5_1ATokenIsAnsweredWith200(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		answer := w.post("/oauth2/token", grant, c.basic())
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		kept(t, answer)
		body := answer.JSON(t)
		assert.Equal(t, "bearer", body["token_type"])
		assert.EqualValues(t, 21600, body["expires_in"])
		assert.Equal(t, "analytics:client api:client:v2", body["scope"], "section 3.3: what was granted")
		assert.NotContains(t, body, "refresh_token", "section 4.4.3")
		assert.Equal(t, http.StatusOK, w.call(body["access_token"].(string)))
	})
}

// A client says at most what its application may, and is told what it got.
func TestRFC6749Section3_3AScopeMayBeNarrowed(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		answer := w.post("/oauth2/token", pairs("grant_type", "client_credentials", "scope", "analytics:client"), c.basic())
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
		assert.Equal(t, "analytics:client", answer.JSON(t)["scope"])
		assert.Equal(t, http.StatusForbidden, w.call(answer.JSON(t)["access_token"].(string)))
	})
}

// unauthorized_client and invalid_grant are for grants that this server has
// not, and so never answered.
func TestRFC6749Section5_2EveryErrorHasItsCodeAndItsStatus(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		gone := w.register(t, nil)
		w.MustDCR("revoke", "client", gone.ID)
		with := func(namesAndValues ...string) url.Values {
			form := pairs("grant_type", "client_credentials")
			for name, values := range pairs(namesAndValues...) {
				form[name] = values
			}
			return form
		}
		const unknown = "897029da-0000-4000-8000-000000000000"
		for name, r := range map[string]struct {
			form    url.Values
			headers []string
			status  int
			code    string
		}{
			"a missing parameter":                 {url.Values{}, []string{c.basic()}, 400, "invalid_request"},
			"an empty parameter, which is absent": {with("grant_type", ""), []string{c.basic()}, 400, "invalid_request"},
			"a repeated parameter":                {with("scope", "analytics:client", "scope", "analytics:client"), []string{c.basic()}, 400, "invalid_request"},
			"no client authentication":            {grant, nil, 400, "invalid_request"},
			"an id without a secret":              {with("client_id", c.ID), nil, 400, "invalid_request"},
			"two ways of client authentication":   {with("client_id", c.ID, "client_secret", c.Secret), []string{c.basic()}, 400, "invalid_request"},
			"another id than that of Basic":       {with("client_id", gone.ID), []string{c.basic()}, 400, "invalid_request"},
			"Basic twice":                         {grant, []string{c.basic(), c.basic()}, 400, "invalid_request"},
			"another grant":                       {with("grant_type", "authorization_code"), []string{c.basic()}, 400, "unsupported_grant_type"},
			"a refresh":                           {with("grant_type", "refresh_token", "refresh_token", "x"), []string{c.basic()}, 400, "unsupported_grant_type"},
			"a password":                          {with("grant_type", "password"), []string{c.basic()}, 400, "unsupported_grant_type"},
			"a scope that was not granted":        {with("scope", "decisions:owner"), []string{c.basic()}, 400, "invalid_scope"},
			"a scope that is none":                {with("scope", `"`), []string{c.basic()}, 400, "invalid_scope"},
			"a wrong secret":                      {with("client_id", c.ID, "client_secret", "x"), nil, 400, "invalid_client"},
			"an unknown client":                   {with("client_id", unknown, "client_secret", "x"), nil, 400, "invalid_client"},
			"a revoked client":                    {with("client_id", gone.ID, "client_secret", gone.Secret), nil, 400, "invalid_client"},
			"a wrong secret by Basic":             {grant, []string{basic(c.ID, "x")}, 401, "invalid_client"},
			"an unknown client by Basic":          {grant, []string{basic(unknown, "x")}, 401, "invalid_client"},
			"a revoked client by Basic":           {grant, []string{gone.basic()}, 401, "invalid_client"},
			"a resource server":                   {grant, []string{basic(server, secret)}, 401, "invalid_client"},
		} {
			t.Run(name, func(t *testing.T) {
				answer := w.post("/oauth2/token", r.form, r.headers...)
				refused(t, answer, r.status, r.code)
				if r.status == http.StatusUnauthorized {
					assert.Equal(t, `Basic realm="token", charset="UTF-8"`, answer.Header.Get("WWW-Authenticate"))
				} else {
					assert.Empty(t, answer.Header.Get("WWW-Authenticate"))
				}
			})
		}
	})
}

func TestRFC6749Section2_3_1CredentialsNeverStandInTheQuery(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		credentials := pairs("client_id", c.ID, "client_secret", c.Secret)
		refused(t, w.post("/oauth2/token?"+credentials.Encode(), grant), 400, "invalid_request")
		refused(t, w.post("/oauth2/token?"+grant.Encode(), credentials), 400, "invalid_request")
		refused(t, w.post("/oauth2/revoke?token=x", credentials), 400, "invalid_request")
		refused(t, w.post("/oauth2/introspect?token=x", credentials), 400, "invalid_request")
		assert.False(t, strings.Contains(w.Log(), c.Secret), "the log holds a secret")
	})
}

func TestRFC6749AppendixBBasicIsReadEncodedAndRaw(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		encoded := strings.NewReplacer("-", "%2D", "_", "%5f", "d", "%64").Replace(c.ID + "|" + c.Secret)
		id, text, _ := strings.Cut(encoded, "|")
		for name, pair := range map[string]string{"raw": c.ID + ":" + c.Secret, "encoded": id + ":" + text} {
			header := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
			assert.Equal(t, http.StatusOK, w.post("/oauth2/token", grant, header).Status, name)
		}
	})
}

func TestRFC6749Section3_2TheEndpointsTakePOSTAlone(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		for _, path := range []string{"/oauth2/token", "/oauth2/register", "/oauth2/revoke", "/oauth2/introspect"} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch} {
				answer := w.Do(method, path, "")
				assert.Equal(t, http.StatusMethodNotAllowed, answer.Status, "%s %s", method, path)
				assert.Equal(t, http.MethodPost, answer.Header.Get("Allow"))
				kept(t, answer)
			}
		}
	})
}

func TestRFC6749Section3_2WhatIsNotAFormIsRefused(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
			form := grant.Encode() + "&token=x"
			for name, r := range map[string]struct{ kind, body string }{
				"JSON":                 {"application/json", `{"grant_type":"client_credentials","token":"x"}`},
				"a form called JSON":   {"application/json", form},
				"a broken escape":      {"application/x-www-form-urlencoded", form + "&client_id=%zz"},
				"more than 64 KiB":     {"application/x-www-form-urlencoded", form + "&x=" + strings.Repeat("x", 70_000)},
				"very many parameters": {"application/x-www-form-urlencoded", form + strings.Repeat("&x=1", 300)},
			} {
				t.Run(path+" "+name, func(t *testing.T) {
					refused(t, w.Do(http.MethodPost, path, r.body, "Content-Type: "+r.kind, c.basic()), 400, "invalid_request")
				})
			}
		}
	})
}

// A strict client, which takes 200 alone and reads scope, made by others.
func TestAStrictClientLibraryGetsATokenAndCalls(t *testing.T) {
	overStores(t, "", func(t *testing.T, w *world) {
		c := w.register(t, nil)
		for name, style := range map[string]oauth2.AuthStyle{
			"in the form": oauth2.AuthStyleInParams, "in the header": oauth2.AuthStyleInHeader, "where it tries": oauth2.AuthStyleAutoDetect,
		} {
			t.Run(name, func(t *testing.T) {
				config := clientcredentials.Config{
					ClientID: c.ID, ClientSecret: c.Secret, TokenURL: w.URL + "/oauth2/token", AuthStyle: style, Scopes: []string{"api:client:v2"},
				}
				token, err := config.Token(context.Background())
				require.NoError(t, err)
				assert.Equal(t, "Bearer", token.Type())
				assert.Equal(t, "api:client:v2", token.Extra("scope"))
				response, err := config.Client(context.Background()).Get(w.URL + "/api/v2/REF30/configuration")
				require.NoError(t, err)
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
			})
		}
	})
}
