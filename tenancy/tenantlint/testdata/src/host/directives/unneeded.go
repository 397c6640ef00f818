/*
A file may begin with anything.
*/

//tenantlint:allow context nothing here has a context // want `directive: nothing here breaks the rule context`

package directives
