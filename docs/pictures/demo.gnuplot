# Draws demo.svg: gnuplot demo.gnuplot, in this folder. The numbers are those of the table over seeds in
# ../results.md (the preset `demo`, seeds 1 to 5, success on the unseen task).
set terminal svg size 700,360 font "sans-serif,13" background "white"
set output "demo.svg"
$seeds << END
1 0.888 0.868 0.000
2 0.877 0.879 0.000
3 0.883 0.886 0.000
4 0.842 0.864 0.000
5 0.881 0.872 0.000
END
set style data histograms
set style histogram clustered gap 1.5
set style fill solid noborder
set boxwidth 0.9
set border 3 lc rgb "#666666"
set tics nomirror out scale 0.5
set grid y lc rgb "#dddddd" lt 1
set yrange [0:1]
set xlabel "seed" offset 0,0.3
set ylabel "success on the unseen task"
set title "Gridworld demo: a task made of transitions that pretraining never showed"
set key below center horizontal samplen 1 width 2
plot $seeds using 2:xtic(1) title "oracle, told the subgoals" lc rgb "#c8c8c8", \
     "" using 3 title "internal RL, 150 000 episodes" lc rgb "#2b6cb0", \
     "" using 4 title "raw-action RL, 150 000 episodes" lc rgb "#c05621", \
     "" using ($0 + 0.26):(0.03):(sprintf("%g", $4)) with labels notitle tc rgb "#c05621"
