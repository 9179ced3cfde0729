// Package console renders the web console of the gateway.
//
// Every page is HTML that the server writes, and works without JavaScript. What
// the pages do, they do by the operations of internal/management, as the actor
// whom the host has authenticated; nothing here decides who may do what.
//
// # Pages
//
//	/                                  overview; /live is the part of it that moves
//	/programmers /channels             lists; …/new, …/{id}, …/{id}/edit, …/{id}/delete
//	/proxy-mvpds /catalogue            the same for proxy MVPDs, scopes and platforms
//	/applications                      list; /new (?from= for a new version), /{id}
//	/applications/{id}/statements      POST issues one; …/clients lists clients
//	/statements                        what was issued lately; judges a statement
//	/clients /clients/{id}             finds a client, shows it
//	/kills /kills/new /kills/lift      kill switches; …/new says what would stop
//	/keys /keys/rotate /routes         signing keys, guarded routes
//	/changes /changes/{id}             change sets: review, push, roll back
//	/audit /audit/{seq} /audit/verify  the record of what was done
//	/refusals /refusals/{trace}        why was I refused?
//
// A GET changes nothing. A POST that changes something answers with a redirect;
// one that went wrong, or shows what is shown once, answers with the page. What
// came of it travels as a code of a closed set, never as a text, in the query.
//
// # Looks
//
// assets/tokens.css holds the identity as custom properties, in a light and a
// dark set: a paper ground, ink, one accent, five states. The scale of type is
// 12, 13, 14, 16, 20, 26 px, that of space is 4, 8, 12, 16, 24, 32, 48 px. The
// components, each a class of assets/components.css:
//
//	.shell .side .top      frame: navigation, which is a menu on phones, and head
//	.crumbs .head          where a page is, its title, what can be done there
//	.card .cards           a surface with a heading; a grid of them
//	.figure                a number that matters, with a sparkline
//	.list                  a compact table, which becomes cards on phones
//	.facts                 terms and values of one thing
//	.state .tag .id        state with icon and word; a name; an id to copy
//	.form .field .errors   fields with hint and fault; the summary of faults
//	.button                primary, plain, danger
//	.notice                what came of something, or what to know before it
//	.empty .steps          nothing here yet, and how to begin
//	.diff                  what a change does, field by field
//	.chart                 inline SVG, always with a table of the same numbers
//	.code                  a command to copy
package console
