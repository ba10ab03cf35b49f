# Completion of gazette(1) for bash. The words come from `gazette __complete`, which knows every option and asks the daemon for
# ids; so nothing in here changes with the program.

_gazette() {
	local IFS=$'\n' line word files=
	local -a words
	local current=${COMP_LINE:0:COMP_POINT}

	# Words apart by blanks, not by COMP_WORDBREAKS, which would tear "--state=held" and "send:7".
	IFS=$' \t' read -r -a words <<<"$current"
	[[ $current == *[[:blank:]] ]] && words+=('')
	word=${words[${#words[@]} - 1]}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :files ]]; then
			files=yes
			continue
		fi
		COMPREPLY+=("${line%%$'\t'*}")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	if [[ $files ]]; then
		compopt -o default
		while IFS= read -r line; do
			COMPREPLY+=("$line")
		done < <(compgen -f -- "$word")
	fi
	# bash replaces only what stands behind its last word break.
	local front=${word%"${word##*[=:]}"}
	[[ $front ]] && COMPREPLY=("${COMPREPLY[@]#"$front"}")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
	return 0
}
complete -F _gazette gazette
