# Completion of gazette(1) for fish. The words come from `gazette __complete`, which knows every option and asks the daemon for
# ids; so nothing in here changes with the program.

function __gazette_words
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c gazette -f -a '(__gazette_words)'
